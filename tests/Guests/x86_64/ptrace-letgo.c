// also: i386 ppc
// cc: -O1
// A tracee is let go with a signal that stops: it stops, untraced, until somebody continues it.
#include "guest.h"
#include <sys/ptrace.h>
#include <sys/wait.h>


static void let_go(const char *what, int first, int given)
{
    int status;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(first);
        _exit(7);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
    printf("%s: stopped by %d,", what, WSTOPSIG(status));
    CHECK(ptrace(PTRACE_DETACH, pid, 0, given) == 0);
    CHECK(waitpid(pid, &status, WUNTRACED) == pid);
    if (WIFSTOPPED(status)) {
        printf(" let go it is stopped by %d,", WSTOPSIG(status));
        CHECK(kill(pid, SIGCONT) == 0 && waitpid(pid, &status, 0) == pid);
    }
    printf(" ends %x\n", status);
}

int main(void)
{
    let_go("nothing given", SIGSTOP, 0);
    let_go("the signal given back", SIGSTOP, SIGSTOP);
    let_go("another given", SIGUSR1, SIGSTOP);
    let_go("a signal that ends it", SIGUSR1, SIGUSR2);
    return 0;
}
