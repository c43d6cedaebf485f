// also: i386 ppc
// cc: -O2
// SIGCHLD: siginfo of exited, killed, stopped and continued children; SA_NOCLDSTOP, SA_NOCLDWAIT, ignored SIGCHLD.
#include "guest.h"

static volatile int codes[16], states[16], n;
static volatile pid_t who;

static void child(int sig, siginfo_t *info, void *uc)
{
    (void)sig; (void)uc;
    if (n < 16) {
        codes[n] = info->si_code;
        states[n++] = info->si_status;
    }
    who = info->si_pid;
}

static void until(int want)
{
    for (int i = 0; i < 3000 && n < want; i++)
        guest_sleep_ms(1);
    EQ(n, want);
}

static pid_t start(int how)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        if (how == 0)
            _exit(42);
        if (how == 1)
            abort();
        for (;;)
            pause();
    }
    return pid;
}

int main(void)
{
    int status;
    guest_handle(SIGCHLD, child, 0);
    pid_t pid = start(0);
    until(1);
    EQ(who, pid);
    EQ(guest_wait(pid), 42 << 8);
    pid = start(1);
    until(2);
    status = guest_wait(pid);
    EQ(WTERMSIG(status), SIGABRT);
    pid = start(2);
    kill(pid, SIGSTOP);
    until(3);
    CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    kill(pid, SIGCONT);
    until(4);
    CHECK(waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status));
    kill(pid, SIGKILL);
    until(5);
    EQ(guest_wait(pid), SIGKILL);
    for (int i = 0; i < n; i++)
        printf("code %d status %d\n", codes[i], codes[i] == CLD_DUMPED ? -1 : states[i]);

    guest_handle(SIGCHLD, child, SA_NOCLDSTOP);
    n = 0;
    pid = start(2);
    kill(pid, SIGSTOP);
    CHECK(waitpid(pid, &status, WUNTRACED) == pid);
    EQ(n, 0);
    kill(pid, SIGKILL);
    until(1);
    guest_wait(pid);

    guest_handle(SIGCHLD, child, SA_NOCLDWAIT);
    pid = start(0);
    FAILS(waitpid(pid, &status, 0), ECHILD);
    signal(SIGCHLD, SIG_IGN);
    pid = start(0);
    FAILS(waitpid(-1, &status, 0), ECHILD);
    return guest_done();
}
