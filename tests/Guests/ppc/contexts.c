// cc: -O2 -maltivec
// cc[static]: -O2 -maltivec -static
// makecontext and swapcontext of the C library, the kernel's swapcontext call, setjmp with floating-point and vector registers.
#include "guest.h"
#include <altivec.h>
#include <setjmp.h>

static ucontext_t main_context, coroutines[3];
static char stacks[3][65536] __attribute__((aligned(16)));
static int trail[64], steps;

static void routine(int id, int rounds)
{
    double local = id * 1.5;
    for (int i = 0; i < rounds; i++) {
        trail[steps++] = id * 10 + i;
        local += 0.25;
        swapcontext(&coroutines[id], &coroutines[(id + 1) % 3]);
        CHECK(local == id * 1.5 + 0.25 * (i + 1));
    }
    trail[steps++] = 100 + id;
}

static jmp_buf jump;
static sigjmp_buf signal_jump;
static volatile int hits;

static void jumper(int sig) { hits++; siglongjmp(signal_jump, sig); }

__attribute__((noinline)) static void leave(int value)
{
    asm volatile("fsub 20,20,20\n vspltisb 24,-1\n li 20,0" : : : "fr20", "v24", "r20");
    longjmp(jump, value);
}

/* swapcontext(2): saves the registers the call sees into one context and takes those of another. */
static long kernel_swap(ucontext_t *old, ucontext_t *new) { return syscall(249, old, new, 1184); }

static volatile int phase;

int main(void)
{
    for (int i = 0; i < 3; i++) {
        getcontext(&coroutines[i]);
        coroutines[i].uc_stack.ss_sp = stacks[i];
        coroutines[i].uc_stack.ss_size = sizeof stacks[i];
        coroutines[i].uc_link = i == 2 ? &main_context : &coroutines[i + 1];
        makecontext(&coroutines[i], (void (*)(void))routine, 2, i, 4);
    }
    swapcontext(&main_context, &coroutines[0]);
    for (int i = 0; i < steps; i++)
        printf("%d ", trail[i]);
    printf("\n");

    register double d asm("fr20") = 6.25;
    register vector unsigned int v asm("v24") = { 1, 2, 3, 4 };
    register int r asm("r20") = 1234;
    asm volatile("" : "+d"(d), "+v"(v), "+r"(r));
    int value = setjmp(jump);
    asm volatile("" : "+d"(d), "+v"(v), "+r"(r));
    CHECK(d == 6.25 && r == 1234 && vec_all_eq(v, ((vector unsigned int){ 1, 2, 3, 4 })));
    if (value < 5)
        leave(value + 1);
    EQ(value, 5);

    signal(SIGUSR1, jumper);
    signal(SIGSEGV, jumper);
    for (int i = 0; i < 100; i++) {
        int s = sigsetjmp(signal_jump, 1);
        if (s == 0) {
            if (i & 1)
                raise(SIGUSR1);
            else
                *(volatile int *)(long)(i + 8) = 1;
            CHECK(0);
        }
        EQ(s, i & 1 ? SIGUSR1 : SIGSEGV);
    }
    EQ(hits, 100);

    static ucontext_t here __attribute__((aligned(16))), there __attribute__((aligned(16)));
    phase = 0;
    long result = kernel_swap(&here, 0); /* comes back a second time with r3 as it was at the call */
    CHECK(result == (phase == 0 ? 0 : (long)&here));
    CHECK((char *)here.uc_mcontext.uc_regs == (char *)&here + 192);
    if (phase++ < 3) {
        sigset_t set;
        memset(&there, 0xff, sizeof there);
        sigemptyset(&set);
        memcpy(&here.uc_sigmask, &set, 8);
        CHECK(kernel_swap(&there, &here) == 0);
    }
    EQ(phase, 4);
    errno = 0;
    EQ(syscall(249, &here, 0, 100), -1);
    EQ(errno, EINVAL);
    EQ(syscall(249, &here, 8, 1184), -1);
    EQ(errno, EFAULT);
    return guest_done();
}
