// cc: -O2 -pthread
// Switching stacks: swapcontext coroutines, setjmp and longjmp, own assembly switch, deep recursion, alloca, running on malloc-ed stacks in threads.
#include "guest.h"
#include <pthread.h>
#include <setjmp.h>

static ucontext_t main_context, co[4];
static int log_sum, turns;

static void coroutine(int id)
{
    for (int i = 0; i < 100; i++) {
        log_sum = log_sum * 3 + id + i;
        turns++;
        swapcontext(&co[id], id == 3 ? &main_context : &co[id + 1]);
    }
}

static jmp_buf env;
static __attribute__((noinline)) void thrower(int n)
{
    volatile char pad[64];
    pad[n & 63] = 1;
    if (n == 0)
        longjmp(env, 5);
    thrower(n - 1);
    pad[0]++;
}

/* void switch_stack(void **save, void *load): pushes the callee-saved registers, exchanges rsp, returns on the other stack. */
void switch_stack(void **save, void *load);
asm("switch_stack:\n\t"
    "push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n\t"
    "mov %rsp, (%rdi); mov %rsi, %rsp\n\t"
    "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n\t"
    "ret");

static void *here, *there;
static long ping;

static void fiber(void)
{
    for (;;) {
        ping += 3;
        switch_stack(&there, here);
    }
}

static __attribute__((noinline)) unsigned long ackermann(unsigned long m, unsigned long n)
{
    return m == 0 ? n + 1 : n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

static __attribute__((noinline)) long deep(long n)
{
    volatile long local = n;
    return n == 0 ? 0 : deep(n - 1) + local;
}

static void *in_thread(void *arg)
{
    (void)arg;
    return (void *)deep(10000);
}

int main(void)
{
    static char stacks[4][65536] __attribute__((aligned(16)));
    for (int i = 0; i < 4; i++) {
        getcontext(&co[i]);
        co[i].uc_stack.ss_sp = stacks[i];
        co[i].uc_stack.ss_size = sizeof stacks[i];
        co[i].uc_link = &main_context;
        makecontext(&co[i], (void (*)(void))coroutine, 1, i);
    }
    for (int i = 0; i < 100; i++)
        swapcontext(&main_context, &co[0]);
    printf("coroutines %d %d\n", turns, log_sum);

    volatile int jumps = 0;
    for (volatile int i = 0; i < 2000; i++)
        if (setjmp(env) == 0)
            thrower(i % 100);
        else
            jumps++;
    printf("jumps %d\n", jumps);

    uint64_t *top = (uint64_t *)(malloc(65536) + 65536);
    top = (uint64_t *)((uintptr_t)top & ~15ul);
    *--top = 0;
    *--top = (uintptr_t)fiber;
    top -= 6;
    there = top;
    for (int i = 0; i < 10000; i++)
        switch_stack(&here, there);
    printf("fiber %ld\n", ping);
    printf("ackermann %lu deep %ld\n", ackermann(2, 500), deep(50000));
    pthread_t t;
    void *r;
    pthread_create(&t, NULL, in_thread, NULL);
    pthread_join(t, &r);
    printf("thread deep %ld\n", (long)r);
    return guest_done();
}
