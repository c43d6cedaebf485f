// also: i386 ppc
// cc: -O1
// Programs that are traced from their first instruction on, with all children and threads, and change a signal's disposition as their first deed, while their tracer
// is busy, quick or seized them: each comes to its end. An emulator that starts a thread of its own there must get its own signals through to it.
#include "guest.h"
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { ROUNDS = 25, OPTIONS = PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL };

static volatile int handled;
static void handler(int sig) { handled = sig; }

/* The traced program. */
static int first_deed(void)
{
    sigset_t set;
    signal(SIGUSR1, handler);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 || kill(getpid(), SIGUSR1) != 0)
        return 1;
    return handled == SIGUSR1 ? 5 : 2;
}

static void stop_here(const char *self, int go, int is_seized)
{
    char c;
    if (!is_seized)
        ptrace(PTRACE_TRACEME, 0, 0, 0);
    else if (read(go, &c, 1) != 1)
        _exit(90);
    execl(self, self, "go", NULL);
    _exit(91);
}

/* The stops in their order, and the end. */
static void one(const char *self, const char *what, int is_seized, int delay, char *told, size_t room)
{
    int go[2], status;
    CHECK(pipe(go) == 0);
    pid_t pid = fork();
    if (pid == 0)
        stop_here(self, go[0], is_seized);
    if (is_seized)
        CHECK(ptrace(PTRACE_SEIZE, pid, 0, OPTIONS) == 0 && write(go[1], "", 1) == 1);
    int is_first = !is_seized, n = snprintf(told, room, "%s:", what);
    for (;;) {
        if (delay)
            usleep(delay);
        pid_t got = waitpid(-1, &status, __WALL);
        if (got != pid || !WIFSTOPPED(status))
            break;
        n += snprintf(told + n, room - n, " %x", status >> 8);
        if (is_first)
            CHECK(ptrace(PTRACE_SETOPTIONS, pid, 0, OPTIONS) == 0);
        int sig = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
        is_first = 0;
        CHECK(ptrace(PTRACE_CONT, pid, 0, sig) == 0);
    }
    snprintf(told + n, room - n, ", ends %x\n", status);
    close(go[0]), close(go[1]);
}

static void rounds(const char *self, const char *what, int is_seized, int delay)
{
    char first[256], told[256];
    for (int i = 0; i < ROUNDS; i++) {
        one(self, what, is_seized, delay, i ? told : first, sizeof told);
        if (i == 0)
            fputs(first, stdout);
        else if (strcmp(first, told))
            printf("round %d is different: %s", i, told);
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return first_deed();
    rounds(argv[0], "TRACEME", 0, 0);
    rounds(argv[0], "TRACEME, slowly", 0, 3000);
    rounds(argv[0], "SEIZE", 1, 0);
    rounds(argv[0], "SEIZE, slowly", 1, 3000);
    return guest_done();
}
