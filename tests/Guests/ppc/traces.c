// cc: -O2
// cc[static]: -O2 -static
// Code that is executed often and goes through calls, returns and branches: what it does, what a handler sees at each of its instructions, what it does when a
// function in its middle is rewritten or returns elsewhere.
#include "guest.h"
#include <setjmp.h>
#include <sys/time.h>
#include <asm/ptrace.h>

enum { OFTEN = 30000, DOUBLES = 8192, STEPS = 14 };

/* Each instruction is a label; what is known ahead of each is in the tables below. */
asm(".text\n .p2align 4\n .globl steps, enter_steps\n"
    "enter_steps: mflr 21\n"
    "steps: fcmpu 0,1,2\n"
    "  bcl 20,31,1f\n"
    "1: lfdx 20,15,17\n"
    "  fcmpu 0,2,1\n"
    "  bcl 20,31,1f\n"
    "1: lfdx 20,18,17\n"
    "  fadd 20,20,20\n"
    "  fcmpu 0,1,1\n"
    "  fadd 20,20,20\n"
    "  fadds 3,5,6\n"
    "  fadds 3,3,6\n"
    "  fadds 3,3,6\n"
    "  add 17,17,19\n"
    "  bdnz steps\n"
    "  mtlr 21\n"
    "  blr\n");
extern const uint32_t steps[];

static volatile int looked, wrong, wrong_at = -1;
static sigjmp_buf out;

static int differs(const mcontext_t *m, int at)
{
    static const char condition[STEPS] = { 2, 8, 8, 8, 4, 4, 4, 4, 2, 2, 2, 2, 2, 2 };
    static const char link[STEPS] = { 5, 5, 2, 2, 2, 5, 5, 5, 5, 5, 5, 5, 5, 5 };
    static const double twenty[STEPS] = { 12, 12, 12, 1, 1, 1, 3, 6, 6, 12, 12, 12, 12, 12 };
    static const double three[STEPS] = { 2.25, 2.25, 2.25, 2.25, 2.25, 2.25, 2.25, 2.25, 2.25, 2.25, 1.75, 2, 2.25, 2.25 };
    return m->gregs[PT_CCR] >> 28 != (unsigned)condition[at] || m->gregs[PT_LNK] != (uint32_t)(steps + link[at])
        || m->fpregs.fpregs[20] != twenty[at] || m->fpregs.fpregs[3] != three[at];
}

static void look(int sig, siginfo_t *info, void *context)
{
    const mcontext_t *m = ((ucontext_t *)context)->uc_mcontext.uc_regs;
    uint32_t at = (m->gregs[PT_NIP] - (uint32_t)steps) / 4;
    (void)info;
    if (at < STEPS && m->gregs[PT_CTR] != OFTEN) {
        looked++;
        if (differs(m, (int)at)) {
            wrong++;
            wrong_at = (int)at;
        }
    }
    if (sig == SIGSEGV)
        siglongjmp(out, 1 + (int)at);
}

static void run(const double *first, const double *second, int stride, int turns)
{
    register double one asm("fr1") = 1, two asm("fr2") = 2;
    register float five asm("fr5") = 1.5f, six asm("fr6") = 0.25f;
    register const double *a asm("r15") = first, *b asm("r18") = second;
    register int offset asm("r17") = 0, by asm("r19") = stride;
    asm volatile("mtctr %5\n bl enter_steps" : "+r"(offset) : "f"(one), "f"(two), "r"(a), "r"(b), "r"(turns), "r"(by), "f"(five), "f"(six)
                 : "lr", "ctr", "cr0", "r21", "fr20", "fr3", "memory");
}

static void interrupted(void)
{
    static const double values[2] = { 1, 3 };
    struct itimerval often = { { 0, 300 }, { 0, 300 } }, never = { { 0, 0 }, { 0, 0 } };
    struct sigaction action = { .sa_sigaction = look, .sa_flags = SA_SIGINFO | SA_RESTART };
    sigaction(SIGALRM, &action, 0);
    setitimer(ITIMER_REAL, &often, 0);
    for (int i = 0; i < 100000 && looked < 200; i++)
        run(values, values + 1, 0, OFTEN);
    setitimer(ITIMER_REAL, &never, 0);
    CHECK(looked >= 200);
    EQ(wrong, 0);
    EQ(wrong_at, -1);
}

static void faulting(void)
{
    struct sigaction action = { .sa_sigaction = look, .sa_flags = SA_SIGINFO };
    sigaction(SIGSEGV, &action, 0);
    const int bytes = DOUBLES * 8;
    double *end[2];
    for (int k = 0; k < 2; k++) {
        double *at = mmap(0, bytes + 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        for (int i = 0; i < DOUBLES; i++)
            at[i] = k ? 3 : 1;
        mprotect(at + DOUBLES, 65536, PROT_NONE);
        end[k] = at;
    }
    for (int k = 0; k < 6; k++) {
        int before = looked, at = sigsetjmp(out, 1), which = k & 1;
        if (at == 0)
            run(end[0] + (which ? 0 : 8), end[1] + (which ? 8 : 0), 8, OFTEN + 1);
        EQ(at, 1 + (which ? 5 : 2));
        EQ(looked, before + 1);
    }
    EQ(wrong, 0);
}

/* Returns behind the instruction that follows the call when r3 is not 0. */
asm(".globl skipping\n skipping: mflr 4\n cmpwi 3,0\n beq 1f\n addi 4,4,4\n1: mtlr 4\n blr\n"
    ".globl call_skipping\n call_skipping: mflr 5\n li 6,1\n bl skipping\n li 6,7\n mr 3,6\n mtlr 5\n blr\n");
extern int call_skipping(int skip);

static void returning(void)
{
    long sum = 0;
    for (int i = 0; i < OFTEN; i++)
        sum += call_skipping(0);
    EQ(sum, 7L * OFTEN);
    sum = 0;
    for (int i = 0; i < OFTEN; i++)
        sum += call_skipping(i & 1);
    EQ(sum, 4L * OFTEN);
}

/* Where the loop is left, the last operation is the division, whose result is inexact. It is not written down until then; a fault on the way lost it, and FPSCR told of the
 * addition of the turn before. */
asm(".globl divide_until\n divide_until: li 8,0\n1: lwzx 6,3,8\n fdiv 3,1,2\n lwzx 7,4,8\n cmpwi 6,0\n bne 2f\n fadd 4,1,1\n addi 8,8,4\n b 1b\n"
    "2: mffs 1\n blr\n");
extern double divide_until(const int *last, const int *loaded, double dividend, double divisor);

static void allow(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)context;
    mprotect((void *)((uintptr_t)info->si_addr & -4096), 4096, PROT_READ);
}

static void status(void)
{
    enum { FI = 1 << 17, WORDS = 8192 };
    static int last[WORDS + 1];
    struct sigaction action = { .sa_sigaction = allow, .sa_flags = SA_SIGINFO };
    sigaction(SIGSEGV, &action, 0);
    int *loaded = mmap(0, WORDS * sizeof(int) + 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    last[WORDS] = 1;
    for (int k = 0; k < 2; k++) {
        mprotect(loaded + WORDS, 4096, k ? PROT_NONE : PROT_READ);
        union { double f; uint64_t bits; } fpscr = { divide_until(last, loaded, 1, 3) };
        EQ(fpscr.bits & FI, FI);
    }
}

/* One page mapped at two addresses, both in reach of a register: a load must not be taken for what was stored before the other store. */
static void aliased(void)
{
    int fd = memfd_create("page", 0);
    char *at = mmap(0, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EQ(ftruncate(fd, 4096), 0);
    for (int k = 0; k < 2; k++)
        CHECK(mmap(at + 4096 * k, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) != MAP_FAILED);
    for (int i = 0; i < OFTEN; i++) {
        int loaded;
        asm volatile("stw %2,0(%1)\n stw %3,4096(%1)\n lwz %0,0(%1)" : "=&r"(loaded) : "b"(at), "r"(i), "r"(i + 7) : "memory");
        if (loaded != i + 7) {
            EQ(loaded, i + 7);
            break;
        }
    }
    close(fd);
}

static void flush(void *at)
{
    asm volatile("dcbst 0,%0\n sync\n icbi 0,%0\n sync\n isync" : : "r"(at) : "memory");
}

/* A loop on one page that calls a function on another, which changes. */
static void rewritten(void)
{
    static const uint32_t loop[] = { 0x7c0802a6 /* mflr r0 */, 0x7c6903a6 /* mtctr r3 */, 0x38a00000 /* li r5,0 */, 0x48000ff5 /* bl .+0xff4 */,
        0x7ca51a14 /* add r5,r5,r3 */, 0x4200fff8 /* bdnz .-8 */, 0x7ca32b78 /* mr r3,r5 */, 0x7c0803a6 /* mtlr r0 */, 0x4e800020 /* blr */ };
    uint32_t *code = mmap(0, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *function = code + 1024;
    memcpy(code, loop, sizeof loop);
    flush(code);
    flush(code + 8);
    for (int k = 1; k < 12; k++) {
        function[0] = 0x38600000 | k; /* li r3,k */
        function[1] = 0x4e800020;
        flush(function);
        EQ(((int (*)(int))code)(OFTEN), k * OFTEN);
    }
}

int main(void)
{
    interrupted();
    faulting();
    returning();
    status();
    aliased();
    rewritten();
    return guest_done();
}
