// cc: -O2
// The 128 bytes below rsp survive signals, asynchronous and raised by a fault.
#include "guest.h"
#include <sys/time.h>

static volatile int hits;
static char scratch[4096];

static void hit(int sig, siginfo_t *info, void *uc)
{
    char noise[2048];
    (void)sig; (void)info; (void)uc;
    memset(noise, 0xee, sizeof noise);
    memcpy(scratch, noise, sizeof noise);
    hits++;
}

static void skip(int sig, siginfo_t *info, void *uc)
{
    hit(sig, info, uc);
    ((ucontext_t *)uc)->uc_mcontext.gregs[REG_RIP] += 2;
}

/* Fills the red zone, spins or faults, reads it back. */
static long around(long spins, int fault)
{
    long bad;
    asm volatile(
        "mov $16, %%ecx\n"
        "1:\n\t"
        "mov %%rcx, %%rax\n\t"
        "imul $0x1234567, %%rax\n\t"
        "neg %%rcx\n\t"
        "mov %%rax, (%%rsp,%%rcx,8)\n\t"
        "neg %%rcx\n\t"
        "dec %%ecx\n\t"
        "jnz 1b\n\t"
        "test %[fault], %[fault]\n\t"
        "jz 2f\n\t"
        "ud2\n"
        "2:\n\t"
        "dec %[spins]\n\t"
        "jnz 2b\n\t"
        "xor %%edx, %%edx\n\t"
        "mov $16, %%ecx\n"
        "3:\n\t"
        "mov %%rcx, %%rax\n\t"
        "imul $0x1234567, %%rax\n\t"
        "neg %%rcx\n\t"
        "cmp %%rax, (%%rsp,%%rcx,8)\n\t"
        "je 4f\n\t"
        "inc %%edx\n"
        "4:\n\t"
        "neg %%rcx\n\t"
        "dec %%ecx\n\t"
        "jnz 3b\n\t"
        : "=&d"(bad), [spins] "+r"(spins) : [fault] "r"(fault) : "rax", "rcx", "memory", "cc");
    return bad;
}

int main(void)
{
    guest_handle(SIGALRM, hit, 0);
    guest_handle(SIGILL, skip, 0);
    struct itimerval it = { { 0, 500 }, { 0, 500 } };
    setitimer(ITIMER_REAL, &it, NULL);
    long bad = 0;
    while (hits < 60)
        bad += around(100000, 0);
    memset(&it, 0, sizeof it);
    setitimer(ITIMER_REAL, &it, NULL);
    for (int i = 0; i < 50; i++)
        bad += around(1, 1);
    EQ(bad, 0);
    return guest_done();
}
