// also: i386 ppc
// cc: -O2
// Stopping and continuing a process is invisible to its blocking calls and its computation, and so are ignored signals.
#include "guest.h"
#include <poll.h>

int main(void)
{
    int p[2], status;
    CHECK(pipe(p) == 0);
    fflush(stdout);
    signal(SIGUSR1, SIG_IGN); // before the fork: on a busy machine the child may not get to it before the first signal
    pid_t pid = fork();
    if (pid == 0) {
        struct timespec t = { 0, 100000000 };
        if (nanosleep(&t, NULL) != 0)
            _exit(1);
        struct pollfd f = { .fd = p[0], .events = POLLIN };
        if (poll(&f, 1, 100) != 0)
            _exit(2);
        char c;
        if (read(p[0], &c, 1) != 1)
            _exit(3);
        _exit(c == 42 ? 42 : 4);
    }
    for (int i = 0; i < 8; i++) {
        guest_sleep_ms(20);
        CHECK(kill(pid, SIGSTOP) == 0);
        CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
        kill(pid, SIGUSR1);
        kill(pid, SIGCONT);
        kill(pid, SIGUSR1);
    }
    guest_sleep_ms(60);
    CHECK(write(p[1], "\x2a", 1) == 1);
    status = guest_wait(pid);
    printf("child %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
    return guest_done();
}
