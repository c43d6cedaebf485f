// also: i386 ppc
// cc: -O2 -pthread
// Waves of threads, mutex and condition, thread-local storage, barrier, once, detached threads, 200 at a time.
#include "guest.h"
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turn_changed = PTHREAD_COND_INITIALIZER;
static int turn, total;
static __thread int mine = 41;
static __thread char buffer[64];
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int once_count;
static pthread_key_t key;
static int key_destroyed;

static void run_once(void) { once_count++; }
static void destroy_key(void *p) { __atomic_fetch_add(&key_destroyed, (int)(long)p, __ATOMIC_SEQ_CST); }

static void *add(void *arg)
{
    mine++;
    CHECK(mine == 42);
    snprintf(buffer, sizeof buffer, "%ld", (long)arg);
    pthread_once(&once, run_once);
    pthread_setspecific(key, (void *)1L);
    for (int i = 0; i < 100; i++) {
        pthread_mutex_lock(&lock);
        total++;
        pthread_mutex_unlock(&lock);
    }
    CHECK(atol(buffer) == (long)arg);
    return (void *)((long)arg * 3);
}

static void *ping(void *arg)
{
    int me = (int)(long)arg;
    for (int i = 0; i < 500; i++) {
        pthread_mutex_lock(&lock);
        while (turn != me)
            pthread_cond_wait(&turn_changed, &lock);
        turn = !me;
        pthread_cond_broadcast(&turn_changed);
        pthread_mutex_unlock(&lock);
    }
    return NULL;
}

static pthread_barrier_t barrier;
static int after_barrier;

static void *meet(void *arg)
{
    (void)arg;
    for (int round = 1; round <= 20; round++) {
        __atomic_fetch_add(&after_barrier, 1, __ATOMIC_SEQ_CST);
        pthread_barrier_wait(&barrier);
        CHECK(__atomic_load_n(&after_barrier, __ATOMIC_SEQ_CST) >= 4 * round);
        pthread_barrier_wait(&barrier);
    }
    return NULL;
}

static int detached_done;
static void *detached(void *arg)
{
    (void)arg;
    __atomic_fetch_add(&detached_done, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

static void *deep(void *arg)
{
    volatile char big[100000];
    memset((char *)big, 7, sizeof big);
    return (void *)(long)(big[99999] + (long)arg);
}

int main(void)
{
    enum { N = 200 };
    static pthread_t t[N];
    pthread_key_create(&key, destroy_key);

    for (long i = 0; i < N; i++)
        CHECK(pthread_create(&t[i], NULL, add, (void *)i) == 0);
    long sum = 0;
    for (int i = 0; i < N; i++) {
        void *r;
        CHECK(pthread_join(t[i], &r) == 0);
        sum += (long)r;
    }
    printf("sum %ld total %d once %d keys %d tls %d\n", sum, total, once_count, key_destroyed, mine);

    for (int wave = 0; wave < 20; wave++) {
        for (long i = 0; i < 10; i++)
            pthread_create(&t[i], NULL, deep, (void *)i);
        for (long i = 0; i < 10; i++) {
            void *r;
            pthread_join(t[i], &r);
            EQ(r, 7 + i);
        }
    }

    pthread_create(&t[0], NULL, ping, (void *)0L);
    pthread_create(&t[1], NULL, ping, (void *)1L);
    pthread_join(t[0], NULL);
    pthread_join(t[1], NULL);
    printf("turn %d\n", turn);

    pthread_barrier_init(&barrier, NULL, 4);
    for (int i = 0; i < 4; i++)
        pthread_create(&t[i], NULL, meet, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    printf("barrier %d\n", after_barrier);

    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, 65536);
    for (int i = 0; i < 20; i++)
        CHECK(pthread_create(&t[i], &attr, detached, NULL) == 0);
    while (__atomic_load_n(&detached_done, __ATOMIC_SEQ_CST) != 20)
        guest_sleep_ms(1);
    return guest_done();
}
