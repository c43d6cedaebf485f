// System calls, locked operations, fork, threads, signals.
#include "kernel.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t getppid_calls(void)
{
    uint64_t same = 1;
    long first = syscall(SYS_getppid);
    for (int i = 0; i < 700000; i++)
        same &= syscall(SYS_getppid) == first;
    return same;
}

static uint64_t read_bytes(void)
{
    int fd = open("/dev/zero", O_RDONLY);
    uint64_t n = 0;
    char c = 1;
    for (int i = 0; i < 500000; i++)
        n += read(fd, &c, 1) + c;
    return n;
}

static uint64_t clock_reads(void)
{
    struct timespec t, last = { 0, 0 };
    uint64_t forward = 0;
    for (int i = 0; i < 3000000; i++) {
        clock_gettime(CLOCK_MONOTONIC, &t);
        forward += t.tv_sec > last.tv_sec || t.tv_nsec >= last.tv_nsec;
        last = t;
    }
    return forward;
}

static uint64_t maps(void)
{
    uint64_t h = 0;
    for (int i = 0; i < 20000; i++) {
        char *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        p[4096] = (char)i;
        mprotect(p, 4096, PROT_READ);
        h += p[4096] + p[0];
        munmap(p, 65536);
    }
    return h;
}

static uint64_t locked(void)
{
    static uint64_t word, other;
    for (uint64_t i = 0; i < 15000000; i++) {
        __atomic_fetch_add(&word, i, __ATOMIC_SEQ_CST);
        uint64_t seen = other;
        __atomic_compare_exchange_n(&other, &seen, seen + word, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    }
    return word + other;
}

static uint64_t forks(void)
{
    uint64_t sum = 0;
    for (int i = 0; i < 500; i++) {
        pid_t pid = fork();
        int status;
        if (pid == 0)
            _exit(i & 127);
        waitpid(pid, &status, 0);
        sum += WEXITSTATUS(status);
    }
    return sum;
}

static void *nothing(void *arg) { return arg; }

static uint64_t thread_starts(void)
{
    uint64_t sum = 0;
    for (long i = 0; i < 4000; i++) {
        pthread_t t;
        void *r;
        pthread_create(&t, NULL, nothing, (void *)i);
        pthread_join(t, &r);
        sum += (uint64_t)r;
    }
    return sum;
}

static void *compute(void *arg)
{
    uint64_t s = (uint64_t)arg + 1, h = 0;
    for (int i = 0; i < 20000000; i++)
        h = h * 31 + next_random(&s);
    return (void *)h;
}

static uint64_t parallel(void)
{
    pthread_t t[4];
    uint64_t h = 0;
    for (long i = 0; i < 4; i++)
        pthread_create(&t[i], NULL, compute, (void *)i);
    for (int i = 0; i < 4; i++) {
        void *r;
        pthread_join(t[i], &r);
        h ^= (uint64_t)r;
    }
    return h;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int turn;

static void *bounce(void *arg)
{
    int me = (int)(long)arg;
    for (int i = 0; i < 10000; i++) {
        pthread_mutex_lock(&mutex);
        while (turn != me)
            pthread_cond_wait(&changed, &mutex);
        turn = !me;
        pthread_cond_signal(&changed);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static uint64_t switches(void)
{
    pthread_t t;
    pthread_create(&t, NULL, bounce, (void *)1L);
    bounce((void *)0L);
    pthread_join(t, NULL);
    return (uint64_t)turn;
}

static volatile uint64_t signals_seen;
static void handler(int sig) { signals_seen += sig; }

static uint64_t signals(void)
{
    signal(SIGUSR1, handler);
    for (int i = 0; i < 100000; i++)
        raise(SIGUSR1);
    return signals_seen;
}

int main(int argc, char **argv)
{
    static const struct kernel kernels[] = { { "getppid", getppid_calls }, { "read", read_bytes }, { "clock", clock_reads }, { "mmap", maps }, { "lock", locked }, { "fork", forks },
        { "thread-start", thread_starts }, { "parallel", parallel }, { "switches", switches }, { "signals", signals }, { 0 } };
    return run_kernel(kernels, argc, argv);
}
