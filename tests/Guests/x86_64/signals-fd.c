// also: i386 ppc
// cc: -O2
// signalfd: values, several at once, non-blocking, poll, and the same signals not reaching handlers.
#include "guest.h"
#include <poll.h>
#include <sys/signalfd.h>

static volatile int handled;
static void note(int sig) { (void)sig; handled++; }

int main(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGRTMIN);
    signal(SIGUSR1, note);
    sigprocmask(SIG_BLOCK, &set, NULL);
    int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    struct signalfd_siginfo s[4];
    FAILS(read(fd, s, sizeof s), EAGAIN);
    kill(getpid(), SIGUSR1);
    for (int i = 0; i < 2; i++)
        sigqueue(getpid(), SIGRTMIN, (union sigval){ .sival_int = 70 + i });
    struct pollfd p = { .fd = fd, .events = POLLIN };
    EQ(poll(&p, 1, 1000), 1);
    long n = read(fd, s, sizeof s);
    EQ(n, 3 * sizeof s[0]);
    printf("%d %d:%d %d:%d\n", s[0].ssi_signo == SIGUSR1, s[1].ssi_signo - SIGRTMIN, s[1].ssi_int, s[2].ssi_signo - SIGRTMIN, s[2].ssi_int);
    EQ(s[0].ssi_pid, getpid());
    EQ(s[0].ssi_code, SI_USER);
    EQ(handled, 0);
    sigdelset(&set, SIGUSR1);
    EQ(signalfd(fd, &set, 0), fd);
    kill(getpid(), SIGUSR1);
    FAILS(read(fd, s, sizeof s), EAGAIN);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    EQ(handled, 1);
    FAILS(read(fd, s, 8), EINVAL);
    return guest_done();
}
