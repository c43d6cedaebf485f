// also: i386
// cc: -O2 -pthread
// A robust mutex whose owner dies: a thread, then a process killed while holding one in shared memory.
#include "guest.h"
#include <pthread.h>

static pthread_mutex_t *m;

static void *die_holding(void *arg)
{
    (void)arg;
    pthread_mutex_lock(m);
    return NULL;
}

static void recover(const char *who)
{
    int r = pthread_mutex_lock(m);
    printf("%s: %s\n", who, r == EOWNERDEAD ? "EOWNERDEAD" : strerror(r));
    CHECK(pthread_mutex_consistent(m) == 0);
    CHECK(pthread_mutex_unlock(m) == 0);
    CHECK(pthread_mutex_lock(m) == 0);
    CHECK(pthread_mutex_unlock(m) == 0);
}

int main(void)
{
    m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_t a;
    pthread_mutexattr_init(&a);
    pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
    CHECK(pthread_mutex_init(m, &a) == 0);

    pthread_t t;
    pthread_create(&t, NULL, die_holding, NULL);
    pthread_join(t, NULL);
    recover("thread");

    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        pthread_mutex_lock(m);
        kill(getpid(), SIGKILL);
    }
    EQ(WTERMSIG(guest_wait(pid)), SIGKILL);
    recover("process");

    int *stage = (int *)(m + 1);
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        pthread_mutex_lock(m);
        __atomic_store_n(stage, 1, __ATOMIC_SEQ_CST);
        guest_sleep_ms(80);
        _exit(3);
    }
    while (!__atomic_load_n(stage, __ATOMIC_SEQ_CST))
        guest_sleep_ms(1);
    recover("waiter");
    EQ(WEXITSTATUS(guest_wait(pid)), 3);
    return guest_done();
}
