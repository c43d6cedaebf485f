// also: i386 ppc
// cc: -O2 -pthread
// What survives execve and what does not: masks, ignored and handled signals, pending signals, descriptors, pid, working directory, exec from a thread.
#include "guest.h"
#include <pthread.h>

static char *self = "/proc/self/exe";

static void handler(int sig) { (void)sig; }

static void *from_thread(void *arg)
{
    char **args = arg;
    execv(self, args);
    _exit(77);
}

static int after(char **argv)
{
    int bad = 0;
    struct sigaction a;
    sigset_t mask, pending;
    sigaction(SIGUSR1, NULL, &a);
    bad |= (a.sa_handler != SIG_IGN) << 0;
    sigaction(SIGUSR2, NULL, &a);
    bad |= (a.sa_handler != SIG_DFL) << 1;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    bad |= (!sigismember(&mask, SIGHUP) || sigismember(&mask, SIGTERM)) << 2;
    sigpending(&pending);
    bad |= (!sigismember(&pending, SIGHUP)) << 3;
    bad |= (fcntl(100, F_GETFD) < 0) << 4;
    bad |= (fcntl(101, F_GETFD) >= 0) << 5;
    bad |= (getpid() != atoi(argv[2])) << 6;
    stack_t s;
    sigaltstack(NULL, &s);
    if (!(s.ss_flags & SS_DISABLE))
        bad = 127;
    FILE *f = fopen("/proc/self/task/self", "r");
    if (f)
        fclose(f);
    return bad;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "after") == 0)
        return after(argv);
    for (int threaded = 0; threaded < 2; threaded++) {
        fflush(stdout);
        pid_t pid = fork();
        if (pid == 0) {
            char number[16], alt[16384];
            snprintf(number, sizeof number, "%d", getpid());
            char *args[] = { "x", "after", number, NULL };
            stack_t s = { .ss_sp = alt, .ss_size = sizeof alt };
            sigaltstack(&s, NULL);
            signal(SIGUSR1, SIG_IGN);
            signal(SIGUSR2, handler);
            sigset_t mask;
            sigemptyset(&mask);
            sigaddset(&mask, SIGHUP);
            sigprocmask(SIG_BLOCK, &mask, NULL);
            kill(getpid(), SIGHUP);
            dup2(1, 100);
            dup3(1, 101, O_CLOEXEC);
            if (threaded) {
                pthread_t t;
                pthread_create(&t, NULL, from_thread, args);
                for (;;)
                    pause();
            }
            execv(self, args);
            _exit(78);
        }
        printf("threaded %d status %#x\n", threaded, guest_wait(pid));
    }
    return guest_done();
}
