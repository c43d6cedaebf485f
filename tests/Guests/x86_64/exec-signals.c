// also: i386 ppc
// cc: -O1
// A signal that comes while a program is being executed is neither lost nor remembered wrongly: it ends the new program, or waits for it where it is blocked; and what
// a program blocks, the highest signal and those of faults included, its successor blocks. A tool that starts with signals let in loses some, or blocks them for good.
#include "guest.h"
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { ROUNDS = 12, STEP = 700 };

/* Bit n-1 for signal n; the kernel's set is of longs, the lowest signals first. */
static uint64_t mask_of(int how, const uint64_t *set)
{
    enum { LONGS = 8 / sizeof(long), BITS = 8 * sizeof(long) };
    unsigned long from[LONGS], old[LONGS];
    for (int i = 0; set && i < LONGS; i++)
        from[i] = *set >> i * BITS;
    CHECK(syscall(SYS_rt_sigprocmask, how, set ? from : NULL, old, 8) == 0);
    uint64_t was = 0;
    for (int i = 0; i < LONGS; i++)
        was |= (uint64_t)old[i] << i * BITS;
    return was;
}

static int successor(const char *what)
{
    sigset_t pending;
    if (!strcmp(what, "nap")) {
        sleep(5);
        return 0;
    }
    if (!strcmp(what, "mask")) {
        printf("the successor blocks %016llx\n", (unsigned long long)mask_of(SIG_BLOCK, NULL));
        return 0;
    }
    for (int i = 0; i < 400; i++) {
        sigpending(&pending);
        if (sigismember(&pending, SIGUSR1) == 1)
            return 3;
        usleep(5000);
    }
    return 4;
}

static pid_t start(const char *self, const char *what, uint64_t mask)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        mask_of(SIG_SETMASK, &mask);
        execl(self, self, what, NULL);
        _exit(91);
    }
    return pid;
}

static int end_of(pid_t pid)
{
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    return status;
}

/* Traced from the middle of its start on, it still ends by the signal. */
static int traced_end(pid_t pid, int is_seized)
{
    int status;
    CHECK(ptrace(is_seized ? PTRACE_SEIZE : PTRACE_ATTACH, pid, 0, 0) == 0);
    if (is_seized)
        CHECK(ptrace(PTRACE_INTERRUPT, pid, 0, 0) == 0);
    for (int is_first = 1; waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status); is_first = 0) {
        int sig = WSTOPSIG(status);
        if (is_first)
            CHECK(kill(pid, SIGTERM) == 0);
        CHECK(ptrace(PTRACE_CONT, pid, 0, sig == SIGTRAP || sig == SIGSTOP ? 0 : sig) == 0);
    }
    return status;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return successor(argv[1]);
    end_of(start(argv[0], "mask", ~0ull));
    end_of(start(argv[0], "mask", 1ull << 63));
    end_of(start(argv[0], "mask", 0));
    int killed = 0, waited = 0, attached = 0, seized = 0;
    for (int i = 0; i < ROUNDS; i++) {
        pid_t pid = start(argv[0], "nap", 0);
        usleep(i * STEP);
        CHECK(kill(pid, SIGTERM) == 0);
        killed += end_of(pid) == SIGTERM;
        pid = start(argv[0], "pending", 1u << (SIGUSR1 - 1));
        usleep(i * STEP + STEP);
        CHECK(kill(pid, SIGUSR1) == 0);
        int status = end_of(pid);
        waited += WIFEXITED(status) ? WEXITSTATUS(status) == 3 : WTERMSIG(status) == SIGUSR1; // the signal was there before the child blocked it
        pid = start(argv[0], "nap", 0);
        usleep(i * STEP);
        attached += traced_end(pid, 0) == SIGTERM;
        pid = start(argv[0], "nap", 0);
        usleep(i * STEP);
        seized += traced_end(pid, 1) == SIGTERM;
    }
    printf("of %d: killed %d, waited %d, attached %d, seized %d\n", ROUNDS, killed, waited, attached, seized);
    return 0;
}
