// also: i386 ppc
// cc: -O2
// Handlers, masks, SA_NODEFER, SA_RESETHAND, nesting, sigsuspend, sigpending, siginfo fields, ignored signals, old handlers returned.
#include "guest.h"

static volatile int count, depth, max_depth, order[16], orders;
static volatile siginfo_t last;

static void simple(int sig) { count += sig == SIGUSR1 ? 1 : 100; }

static void nested(int sig, siginfo_t *info, void *uc)
{
    (void)info; (void)uc;
    if (++depth > max_depth)
        max_depth = depth;
    if (depth < 5)
        raise(sig);
    depth--;
}

static void remember(int sig, siginfo_t *info, void *uc)
{
    (void)uc;
    last = *info;
    if (orders < 16)
        order[orders++] = sig;
}

static void masked(int sig, siginfo_t *info, void *uc)
{
    (void)info; (void)uc;
    if (orders < 16)
        order[orders++] = sig;
    if (sig == SIGUSR1) {
        raise(SIGUSR2);
        sigset_t now;
        sigprocmask(SIG_BLOCK, NULL, &now);
        CHECK(sigismember(&now, SIGUSR1) && sigismember(&now, SIGUSR2) && !sigismember(&now, SIGHUP));
        order[orders++] = -sig;
    }
}

int main(void)
{
    sigset_t set, old, pending;
    CHECK(signal(SIGUSR1, simple) == SIG_DFL);
    CHECK(signal(SIGUSR1, simple) == simple);
    raise(SIGUSR1);
    kill(getpid(), SIGUSR1);
    EQ(count, 2);

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &old);
    raise(SIGUSR1);
    raise(SIGUSR1);
    EQ(count, 2);
    sigpending(&pending);
    CHECK(sigismember(&pending, SIGUSR1) && !sigismember(&pending, SIGUSR2));
    sigprocmask(SIG_SETMASK, &old, NULL);
    EQ(count, 3);

    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGUSR1);
    FAILS(sigsuspend(&old), EINTR);
    EQ(count, 4);
    sigprocmask(SIG_BLOCK, NULL, &pending);
    CHECK(sigismember(&pending, SIGUSR1));
    sigprocmask(SIG_SETMASK, &old, NULL);

    guest_handle(SIGUSR2, nested, SA_NODEFER);
    raise(SIGUSR2);
    EQ(max_depth, 5);
    EQ(depth, 0);

    guest_handle(SIGUSR2, remember, SA_RESETHAND);
    raise(SIGUSR2);
    struct sigaction now;
    sigaction(SIGUSR2, NULL, &now);
    CHECK(now.sa_handler == SIG_DFL);
    EQ(last.si_signo, SIGUSR2);
    EQ(last.si_pid, getpid());
    EQ(last.si_code, SI_TKILL);
    guest_handle(SIGHUP, remember, 0);
    kill(getpid(), SIGHUP);
    EQ(last.si_code, SI_USER);
    EQ(last.si_uid, getuid());
    union sigval v = { .sival_int = 0x1234567 };
    sigqueue(getpid(), SIGHUP, v);
    EQ(last.si_code, SI_QUEUE);
    EQ(last.si_value.sival_int, 0x1234567);

    orders = 0;
    struct sigaction a;
    memset(&a, 0, sizeof a);
    a.sa_sigaction = masked;
    a.sa_flags = SA_SIGINFO;
    sigaddset(&a.sa_mask, SIGUSR2);
    sigaction(SIGUSR1, &a, NULL);
    sigaction(SIGUSR2, &a, NULL);
    raise(SIGUSR1);
    printf("order");
    for (int i = 0; i < orders; i++)
        printf(" %d", order[i]);
    printf("\n");

    signal(SIGUSR1, SIG_IGN);
    raise(SIGUSR1);
    sigaction(SIGUSR1, NULL, &now);
    CHECK(now.sa_handler == SIG_IGN);
    FAILS(sigaction(SIGKILL, &a, NULL), EINVAL);
    FAILS(sigaction(65, &a, NULL), EINVAL);
    FAILS(kill(getpid(), 65), EINVAL);
    CHECK(kill(getpid(), 0) == 0);
    FAILS(syscall(SYS_rt_sigaction, SIGUSR1, &a, NULL, 4), EINVAL);
    FAILS(syscall(SYS_rt_sigaction, SIGUSR1, (void *)16, NULL, 8), EFAULT);
    FAILS(syscall(SYS_rt_sigprocmask, SIG_BLOCK, (void *)16, NULL, 8), EFAULT);
    FAILS(syscall(SYS_rt_sigprocmask, 77, &set, NULL, 8), EINVAL);

    sigfillset(&set);
    sigprocmask(SIG_SETMASK, &set, NULL);
    sigprocmask(SIG_SETMASK, &set, &old);
    CHECK(!sigismember(&old, SIGKILL) && !sigismember(&old, SIGSTOP) && sigismember(&old, SIGTERM));
    sigemptyset(&set);
    sigprocmask(SIG_SETMASK, &set, NULL);

    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        raise(SIGTERM);
        _exit(0);
    }
    EQ(guest_wait(pid), SIGTERM);
    return guest_done();
}
