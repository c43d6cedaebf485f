// cc: -O2
// An asynchronous signal finds the program between two of its own instructions: the loop's registers hold their invariants at the saved rip,
// rip lies inside the loop, and changes the handler makes to registers in the frame take effect.
#include "guest.h"
#include <sys/time.h>

extern char loop_start[], loop_end[], after_first[], after_second[];
static volatile int hits, bad_rip, bad_constants, bad_relation, bad_stack;
static volatile unsigned long stack_expected;

static void look(int sig, siginfo_t *info, void *context)
{
    (void)sig; (void)info;
    ucontext_t *uc = context;
    greg_t *r = uc->uc_mcontext.gregs;
    char *rip = (char *)r[REG_RIP];
    if (rip < loop_start || rip >= loop_end) {
        if (++bad_rip > 1000000)
            _exit(3);
        return;
    }
    hits++;
    if (r[REG_R8] != 0x0808080808080808 || r[REG_R9] != 0x0909090909090909 || r[REG_R10] != 0x1010101010101010 || r[REG_R15] != 0x1515151515151515
        || r[REG_RBP] != 0x0b0b0b0b0b0b0b0b)
        bad_constants++;
    /* rbx counts, rdx and rdi follow one instruction later each. */
    long b = r[REG_RBX], d = r[REG_RDX], i = r[REG_RDI];
    if (rip >= after_second ? !(d == b && i == b) : rip >= after_first ? !(d == b && i == b - 1) : rip > loop_start ? !(d == b - 1 && i == b - 1) : !(d == b && i == b))
        bad_relation++;
    if ((unsigned long)r[REG_RSP] != stack_expected)
        bad_stack++;
    if (hits == 50)
        r[REG_R12] = 1;
}

static void run(void)
{
    asm volatile(
        "push %%rbp\n\t"
        "mov %%rsp, stack_expected(%%rip)\n\t"
        "mov $0x0b0b0b0b0b0b0b0b, %%rbp\n\t"
        "mov $0x0808080808080808, %%r8\n\t"
        "mov $0x0909090909090909, %%r9\n\t"
        "mov $0x1010101010101010, %%r10\n\t"
        "mov $0x1515151515151515, %%r15\n\t"
        "xor %%r12d, %%r12d\n\t"
        "xor %%ebx, %%ebx\n\t"
        "xor %%edx, %%edx\n\t"
        "xor %%edi, %%edi\n"
        "loop_start:\n\t"
        "inc %%rbx\n\t"
        "inc %%rdx\n"
        "after_first:\n\t"
        "inc %%rdi\n"
        "after_second:\n\t"
        "lea 1f(%%rip), %%rcx\n\t"
        "jmp *%%rcx\n"
        "1:\n\t"
        "nop\n"
        "3:\n\t"
        "test %%r12, %%r12\n\t"
        "jz loop_start\n"
        "loop_end:\n\t"
        "pop %%rbp\n\t"
        ::: "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc");
}

int main(void)
{
    guest_handle(SIGALRM, look, 0);
    struct itimerval it = { { 0, 700 }, { 0, 700 } };
    setitimer(ITIMER_REAL, &it, NULL);
    run();
    memset(&it, 0, sizeof it);
    setitimer(ITIMER_REAL, &it, NULL);
    CHECK(hits >= 50);
    EQ(bad_constants, 0);
    EQ(bad_relation, 0);
    EQ(bad_stack, 0);
    return guest_done();
}
