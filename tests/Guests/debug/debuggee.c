// Debugged by tests/EndToEnd/GdbTests.cs, which looks for the names and, by LINE comments, for the places in here.
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct point { int x, y; };

int counter;
double ratio = 1.5;
volatile int got, go;
volatile unsigned long turns;

static void handler(int number) { got = number; }

static int inner(struct point *p, int k)
{
    counter += k;
    p->x += k;
    return p->x * 2;
}

int outer(int n)
{
    struct point p = { 1, 2 };
    int sum = 0;
    for (int i = 0; i < n; i++)
        sum += inner(&p, i);
    return sum;
}

double scale(double a, float b) { return a * b; }

int add(int a, int b) { return a + b; }

static void *work(void *argument)
{
    while (!go)
        usleep(1000);
    return argument;
}

void meet(void) { go = 1; }

static int threads(void)
{
    pthread_t all[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&all[i], 0, work, 0);
    usleep(20000);
    meet();
    for (int i = 0; i < 3; i++)
        pthread_join(all[i], 0);
    printf("joined\n");
    return 0;
}

int child_work(int n) { return n * 7; }

static int forks(char *self)
{
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(child_work(3));
    waitpid(child, &status, 0);
    printf("child %d\n", WEXITSTATUS(status));
    fflush(stdout);
    child = vfork();
    if (child == 0) {
        execl(self, self, "leaf", (char *)0);
        _exit(99);
    }
    waitpid(child, &status, 0);
    printf("leaf %d\n", WEXITSTATUS(status));
    fflush(stdout);
    execl(self, self, "leaf", (char *)0);
    return 1;
}

static int signals(void)
{
    signal(SIGUSR1, handler);
    signal(SIGUSR2, handler);
    raise(SIGUSR1);
    printf("got %d\n", got);
    got = 0;
    raise(SIGUSR1);
    printf("got %d\n", got);
    got = 0;
    raise(SIGUSR1);
    printf("got %d\n", got);
    return 0;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    signal(SIGUSR1, handler);
    if (!strcmp(mode, "threads"))
        return threads();
    if (!strcmp(mode, "forks"))
        return forks(argv[0]);
    if (!strcmp(mode, "leaf"))
        return 9;
    if (!strcmp(mode, "signals"))
        return signals();
    if (!strcmp(mode, "crash"))
        *(volatile int *)0x1234 = 5;
    if (!strcmp(mode, "loop")) {
        while (!got)
            turns++;
        return got;
    }
    if (!strcmp(mode, "pause")) {
        struct timespec second = { 1, 500000000 };
        int result = nanosleep(&second, 0);
        printf("nanosleep %d\n", result);
        return 0;
    }
    int sum = outer(4);
    double product = scale(ratio, 2);
    printf("outer %d counter %d scale %g\n", sum, counter, product);
    return add(3, 4);
}
