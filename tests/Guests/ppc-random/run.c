// Calls what generate.py wrote, many times, and prints a hash of all registers and memory afterwards, and of what a handler saw at each fault.
//   run plain|faults|signals TURNS
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>
#include <asm/ptrace.h>

enum { DOUBLES = 0x4000, SINGLES = 0x6000, BYTES = 0x8000, RESULTS = 106, DERIVED = 0x7f000 /* FR, FI, FPRF */ };

/* All of r3 to r31 and f0 to f31 are set before the first turn. Results: r0 to r31, CR, XER, CTR, f0 to f31 from word 40 on, FPSCR in word 105. */
extern void turn_all(char *data, char **pointers, int turns, uint32_t *results);
uint32_t stack_at_start;
asm(".text\nturn_all:\n stwu 1,-512(1)\n mflr 0\n stw 0,516(1)\n stmw 13,64(1)\n mfcr 0\n stw 0,60(1)\n"
    ".irp n,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n stfd \\n,48+8*\\n(1)\n.endr\n"
    " stw 4,48(1)\n stw 5,52(1)\n stw 6,56(1)\n lis 7,stack_at_start@ha\n stw 1,stack_at_start@l(7)\n"
    " mr 14,3\n mr 15,3\n addi 13,14,0x4000\n addi 16,14,0x6000\n li 17,0\n li 18,0\n li 19,0\n mtxer 18\n mtcrf 255,18\n mtctr 18\n"
    ".irp n,0,3,4,5,6,7,8,9,10,11,12,20,21,22,23,24,25,26,27,28,29,30,31\n lwz \\n,4*\\n(14)\n.endr\n"
    ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n lfd \\n,8*\\n(13)\n.endr\n"
    "1: lwz 18,48(1)\n lwz 15,0(18)\n addi 18,18,4\n stw 18,48(1)\n addi 17,17,8\n andi. 17,17,0x7f8\n addi 19,19,12\n andi. 19,19,0xffc\n mr 18,16\n"
    " bl function0\n lwz 18,52(1)\n addic. 18,18,-1\n stw 18,52(1)\n bne 1b\n"
    " lwz 18,56(1)\n stw 0,0(18)\n stmw 19,76(18)\n"
    ".irp n,3,4,5,6,7,8,9,10,11,12,14,15,16,17\n stw \\n,4*\\n(18)\n.endr\n"
    " mfcr 3\n stw 3,128(18)\n mfxer 3\n stw 3,132(18)\n mfctr 3\n stw 3,136(18)\n"
    ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n stfd \\n,160+8*\\n(18)\n.endr\n"
    " mffs 0\n stfd 0,416(18)\n"
    ".irp n,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n lfd \\n,48+8*\\n(1)\n.endr\n"
    " lwz 0,60(1)\n mtcrf 255,0\n lmw 13,64(1)\n lwz 0,516(1)\n mtlr 0\n addi 1,1,512\n blr\n");

static uint64_t hash = 14695981039346656037u;
static int faults;
static volatile int done;
static volatile double disturbed = 1;

static void mix(const void *data, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ ((const unsigned char *)data)[i]) * 1099511628211u;
}

/* All that the context has, but for what differs between runs, and bits of FPSCR that an operation between the fault and the next look overwrites. */
static void fault(int sig, siginfo_t *info, void *context)
{
    mcontext_t *m = ((ucontext_t *)context)->uc_mcontext.uc_regs;
    uint32_t special[] = { m->gregs[PT_NIP], m->gregs[PT_CTR], m->gregs[PT_LNK], m->gregs[PT_XER], m->gregs[PT_CCR], m->gregs[1] - stack_at_start };
    (void)sig, (void)info;
    mix(&m->gregs[0], sizeof(m->gregs[0]));
    mix(&m->gregs[3], 29 * sizeof(m->gregs[0]));
    mix(special, sizeof special);
    mix(m->fpregs.fpregs, sizeof m->fpregs.fpregs);
    uint64_t fpscr;
    memcpy(&fpscr, &m->fpregs.fpscr, sizeof fpscr);
    fpscr &= ~(uint64_t)DERIVED;
    mix(&fpscr, sizeof fpscr);
    faults++;
    m->gregs[PT_NIP] += 4;
}

static void disturb(int sig)
{
    (void)sig;
    disturbed = disturbed * 1.000001 + 0.1;
}

static void *send_signals(void *to)
{
    while (!done) {
        syscall(SYS_tgkill, getpid(), (int)(intptr_t)to, SIGUSR1);
        for (volatile int i = 0; i < 3000; i++)
            ;
    }
    return 0;
}

static double number(void)
{
    static const double special[] = { 0.0, -0.0, 3.5, -2.25, __builtin_inf(), __builtin_nan(""), 0x1p-1060, 0x1p-130 };
    switch (random() % 8) {
    case 0: return (double)(random() % 100) - 50;
    case 1: return (float)(random() / 1e6 - 1000);
    case 2: return random() * 1e-5 - 1e4;
    case 3: return random() * (random() % 2 ? 1e290 : 1e-300);
    case 4: return special[random() % (random() % 20 ? 4 : 8)];
    default: return random() / 1e9 - 1.07;
    }
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    int turns = atoi(argv[2]), often = strcmp(argv[1], "faults") == 0 ? 97 : 0;
    char *data = mmap((void *)0x30000000, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    char *nowhere = mmap((void *)0x40000000, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), **pointers = malloc(turns * sizeof *pointers);
    for (int i = 0; i < DOUBLES / 4; i++)
        ((uint32_t *)data)[i] = (uint32_t)random() << 1 | (random() & 1);
    for (int i = 0; i < 1024; i++) {
        double wide = ((double *)(data + DOUBLES))[i] = number();
        ((float *)(data + SINGLES))[i] = wide;
    }
    ((uint64_t *)(data + DOUBLES))[77] = 0x7ff4000000000001; /* signalling NaNs */
    ((uint32_t *)(data + SINGLES))[99] = 0x7fa00001;
    for (int i = 0; i < turns; i++)
        pointers[i] = often && i > turns / 20 && random() % often == 0 ? nowhere + 256 : data + 256 + random() % 256 * 4;

    struct sigaction on_fault = { .sa_sigaction = fault, .sa_flags = SA_SIGINFO }, on_signal = { .sa_handler = disturb, .sa_flags = SA_RESTART };
    sigaction(SIGSEGV, &on_fault, 0);
    sigaction(SIGUSR1, &on_signal, 0);
    pthread_t sender;
    int disturbs = strcmp(argv[1], "signals") == 0;
    if (disturbs)
        pthread_create(&sender, 0, send_signals, (void *)(intptr_t)syscall(SYS_gettid));
    static uint32_t results[RESULTS];
    turn_all(data, pointers, turns, results);
    done = 1;
    if (disturbs)
        pthread_join(sender, 0);
    results[18] = 0;
    mix(results, sizeof results);
    mix(data, BYTES);
    printf("%016llx %d faults\n", (unsigned long long)hash, faults);
    return 0;
}
