// also: i386 ppc
// cc: -O2 -pthread
// Real-time signals sent to particular threads under load: none lost, none to the wrong thread, no computation disturbed.
#include "guest.h"
#include <pthread.h>

enum { THREADS = 4, PER_THREAD = 2000 };
static __thread int me = -1;
static int received[THREADS], wrong;
static volatile int stop, started;
static uint64_t results[THREADS];
static pthread_t t[THREADS];

static void handler(int sig, siginfo_t *info, void *uc)
{
    (void)sig; (void)uc;
    if (info->si_value.sival_int != me)
        wrong++;
    else
        received[me]++;
}

static uint64_t work(void)
{
    uint64_t s = 12345, h = 0;
    double x = 1;
    for (int i = 0; i < 500; i++) {
        h += guest_random(&s) * (i | 1);
        x = x * 1.000001 + (double)(h & 255);
    }
    return h ^ (uint64_t)x;
}

static void *run(void *arg)
{
    me = (int)(long)arg;
    __atomic_add_fetch(&started, 1, __ATOMIC_SEQ_CST);
    uint64_t want = work();
    while (!stop)
        if (work() != want)
            results[me]++;
    return NULL;
}

int main(void)
{
    guest_handle(SIGRTMIN + 1, handler, SA_RESTART);
    for (long i = 0; i < THREADS; i++)
        pthread_create(&t[i], NULL, run, (void *)i);
    while (started != THREADS)
        guest_sleep_ms(1);
    int refused = 0;
    for (int n = 0; n < PER_THREAD; n++)
        for (int i = 0; i < THREADS; i++)
            while (pthread_sigqueue(t[i], SIGRTMIN + 1, (union sigval){ .sival_int = i }) != 0) {
                refused++;
                sched_yield();
            }
    for (int i = 0; i < THREADS; i++)
        for (int wait = 0; wait < 5000 && __atomic_load_n(&received[i], __ATOMIC_SEQ_CST) != PER_THREAD; wait++)
            guest_sleep_ms(1);
    stop = 1;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(t[i], NULL);
        printf("thread %d received %d, wrong results %d\n", i, received[i], (int)results[i]);
    }
    EQ(wrong, 0);
    FAILS(syscall(SYS_tgkill, getpid(), 1 << 30, SIGUSR1), ESRCH);
    FAILS(syscall(SYS_tgkill, -1, 1, SIGUSR1), EINVAL);
    return guest_done();
}
