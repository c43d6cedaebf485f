// also: i386 ppc
// cc: -O2 -pthread
// futex operations: value mismatch, timeouts, wake counts, requeue, wake_op, bitsets, priority inheritance, bad pointers.
#include "guest.h"
#include <linux/futex.h>
#include <pthread.h>

static int word, word2, woken, ready;

static long futex(int *p, int op, int value, void *timeout, int *p2, int value3)
{
    return syscall(SYS_futex, p, op, value, timeout, p2, value3);
}

static void *waiter(void *arg)
{
    __atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
    long r = futex(&word, arg ? FUTEX_WAIT_BITSET_PRIVATE : FUTEX_WAIT_PRIVATE, 0, NULL, NULL, (int)(long)arg);
    CHECK(r == 0);
    __atomic_fetch_add(&woken, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

static void start(pthread_t *t, int n, long bits)
{
    ready = woken = word = word2 = 0;
    for (int i = 0; i < n; i++)
        pthread_create(&t[i], NULL, waiter, (void *)(bits ? bits << i : 0));
    while (__atomic_load_n(&ready, __ATOMIC_SEQ_CST) != n)
        guest_sleep_ms(1);
    guest_sleep_ms(60);
}

static void settle(int want)
{
    for (int i = 0; i < 2000 && __atomic_load_n(&woken, __ATOMIC_SEQ_CST) != want; i++)
        guest_sleep_ms(1);
    EQ(woken, want);
}

static int pi_word, pi_count;
static void *pi_user(void *arg)
{
    (void)arg;
    int tid = syscall(SYS_gettid);
    for (int i = 0; i < 200; i++) {
        int zero = 0;
        if (!__atomic_compare_exchange_n(&pi_word, &zero, tid, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            CHECK(futex(&pi_word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0) == 0);
        pi_count++;
        int me = tid;
        if (!__atomic_compare_exchange_n(&pi_word, &me, 0, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            CHECK(futex(&pi_word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0) == 0);
    }
    return NULL;
}

int main(void)
{
    pthread_t t[8];
    word = 5;
    FAILS(futex(&word, FUTEX_WAIT, 4, NULL, NULL, 0), EAGAIN);
    struct timespec soon = { 0, 20000000 };
    FAILS(futex(&word, FUTEX_WAIT_PRIVATE, 5, &soon, NULL, 0), ETIMEDOUT);
    struct timespec bad = { 0, 2000000000 };
    FAILS(futex(&word, FUTEX_WAIT_PRIVATE, 5, &bad, NULL, 0), EINVAL);
    struct timespec past = { 1, 0 };
    FAILS(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 5, &past, NULL, -1), ETIMEDOUT);
    FAILS(futex((int *)16, FUTEX_WAIT, 5, NULL, NULL, 0), EFAULT);
    FAILS(futex((int *)((char *)&word + 1), FUTEX_WAIT, 5, NULL, NULL, 0), EINVAL);
    FAILS(futex(&word, 99, 5, NULL, NULL, 0), ENOSYS);
    FAILS(futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 5, NULL, NULL, 0), EINVAL);
    EQ(futex(&word, FUTEX_WAKE, 10, NULL, NULL, 0), 0);

    start(t, 6, 0);
    EQ(futex(&word, FUTEX_WAKE_PRIVATE, 2, NULL, NULL, 0), 2);
    settle(2);
    EQ(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)2L, &word2, 0), 3);
    settle(3);
    FAILS(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)2L, &word2, 9), EAGAIN);
    EQ(futex(&word2, FUTEX_WAKE_PRIVATE, 100, NULL, NULL, 0), 2);
    settle(5);
    EQ(futex(&word, FUTEX_WAKE_OP_PRIVATE, 100, (void *)100L, &word2, FUTEX_OP(FUTEX_OP_SET, 77, FUTEX_OP_CMP_EQ, 0)), 1);
    settle(6);
    EQ(word2, 77);
    for (int i = 0; i < 6; i++)
        pthread_join(t[i], NULL);

    start(t, 4, 1);
    EQ(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 100, NULL, NULL, 2 | 8), 2);
    settle(2);
    EQ(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 100, NULL, NULL, -1), 2);
    settle(4);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);

    for (int i = 0; i < 4; i++)
        pthread_create(&t[i], NULL, pi_user, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    printf("pi %d\n", pi_count);
    return guest_done();
}
