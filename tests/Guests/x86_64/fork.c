// also: i386 ppc
// cc: -O2 -pthread
// fork: 200 rounds, memory is copied, pipes between generations, output order; then fork in a threaded program with threads and malloc in the child.
#include "guest.h"
#include <pthread.h>

static int value = 1;
static volatile int stop;

static void *churn(void *arg)
{
    uint64_t s = (uintptr_t)arg + 1;
    while (!stop) {
        void *p = malloc(guest_random(&s) % 5000);
        if (p)
            memset(p, 1, 1);
        free(p);
    }
    return NULL;
}

static void *child_thread(void *arg)
{
    char *p = malloc(100000);
    memset(p, 3, 100000);
    long r = p[99999] + (long)arg;
    free(p);
    return (void *)r;
}

static long grandchildren(int depth)
{
    int p[2], r = depth;
    CHECK(pipe(p) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (depth < 6)
            r += grandchildren(depth + 1);
        _exit(write(p[1], &r, sizeof r) != sizeof r);
    }
    CHECK(read(p[0], &r, sizeof r) == sizeof r);
    EQ(guest_wait(pid), 0);
    close(p[0]);
    close(p[1]);
    return r;
}

int main(void)
{
    int sum = 0;
    for (int i = 0; i < 200; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            value += i;
            _exit(value & 0x7f);
        }
        int status = guest_wait(pid);
        CHECK(WIFEXITED(status));
        sum += WEXITSTATUS(status);
    }
    printf("sum %d value %d\n", sum, value);

    pid_t many[20];
    for (int i = 0; i < 20; i++)
        if ((many[i] = fork()) == 0) {
            guest_sleep_ms(5);
            _exit(i);
        }
    for (int i = 0; i < 20; i++)
        EQ(WEXITSTATUS(guest_wait(many[i])), i);
    printf("generations %ld\n", grandchildren(1));

    pthread_t t[3];
    for (long i = 0; i < 3; i++)
        pthread_create(&t[i], NULL, churn, (void *)i);
    for (int round = 0; round < 20; round++) {
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0) {
            pthread_t c[4];
            long total = 0;
            for (long i = 0; i < 4; i++)
                if (pthread_create(&c[i], NULL, child_thread, (void *)i) != 0)
                    _exit(100);
            for (int i = 0; i < 4; i++) {
                void *r;
                pthread_join(c[i], &r);
                total += (long)r;
            }
            pid_t again = fork();
            if (again == 0)
                _exit(7);
            if (WEXITSTATUS(guest_wait(again)) != 7)
                _exit(101);
            exit((int)total);
        }
        int status = guest_wait(pid);
        EQ(status, 18 << 8);
    }
    stop = 1;
    for (int i = 0; i < 3; i++)
        pthread_join(t[i], NULL);
    return guest_done();
}
