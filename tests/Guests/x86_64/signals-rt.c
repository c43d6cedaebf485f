// also: i386 ppc
// cc: -O2
// Real-time signals: queued in order with their values, lowest number first; sigwaitinfo, sigtimedwait, pending after exec-less fork.
#include "guest.h"

static volatile int seen[64], values[64], n;

static void note(int sig, siginfo_t *info, void *uc)
{
    (void)uc;
    seen[n] = sig - SIGRTMIN;
    values[n++] = info->si_value.sival_int;
}

int main(void)
{
    sigset_t set, old;
    sigemptyset(&set);
    for (int i = 0; i < 4; i++)
        sigaddset(&set, SIGRTMIN + i);
    sigaddset(&set, SIGUSR1);
    struct sigaction a;
    memset(&a, 0, sizeof a);
    a.sa_sigaction = note;
    a.sa_flags = SA_SIGINFO;
    sigfillset(&a.sa_mask);
    for (int i = 0; i < 4; i++)
        sigaction(SIGRTMIN + i, &a, NULL);
    sigprocmask(SIG_BLOCK, &set, &old);
    for (int i = 0; i < 12; i++)
        sigqueue(getpid(), SIGRTMIN + 3 - i % 4, (union sigval){ .sival_int = 100 + i });
    EQ(n, 0);
    sigprocmask(SIG_SETMASK, &old, NULL);
    for (int i = 0; i < n; i++)
        printf("%d:%d ", seen[i], values[i]);
    printf("\n");

    sigprocmask(SIG_BLOCK, &set, &old);
    for (int i = 0; i < 5; i++)
        sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = i });
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGUSR1);
    siginfo_t info;
    int got = sigwaitinfo(&set, &info);
    printf("first %d\n", got == SIGUSR1);
    for (int i = 0; i < 5; i++) {
        got = sigwaitinfo(&set, &info);
        printf("%d:%d:%d ", got - SIGRTMIN, info.si_value.sival_int, info.si_code == SI_QUEUE);
    }
    printf("\n");
    struct timespec soon = { 0, 10000000 };
    FAILS(sigtimedwait(&set, &info, &soon), EAGAIN);
    struct timespec bad = { 0, -1 };
    FAILS(sigtimedwait(&set, &info, &bad), EINVAL);

    pid_t parent = getpid();
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        guest_sleep_ms(30);
        sigqueue(parent, SIGRTMIN + 2, (union sigval){ .sival_int = 4711 });
        _exit(0);
    }
    got = sigwaitinfo(&set, &info);
    printf("from child %d %d\n", got - SIGRTMIN, info.si_value.sival_int);
    EQ(info.si_pid, pid);
    guest_wait(pid);

    FAILS(sigqueue(1 << 30, SIGUSR1, (union sigval){ .sival_int = 0 }), ESRCH);
    siginfo_t forged;
    memset(&forged, 0, sizeof forged);
    forged.si_code = -60;
    forged.si_value.sival_int = 99;
    CHECK(syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), SIGRTMIN, &forged) == 0);
    got = sigwaitinfo(&set, &info);
    printf("forged %d %d %d\n", got - SIGRTMIN, info.si_code, info.si_value.sival_int);
    return guest_done();
}
