// also: i386 ppc
// cc: -O1 -pthread
// A tracer and its child: stops at signals, calls, fork, vfork, exec, clone and exit, group stops, PTRACE_SEIZE. Each thread's stops are printed in
// their order; between threads there is none.
#include "guest.h"
#include <pthread.h>
#include <spawn.h>
#include <sys/ptrace.h>

extern char **environ;

static void *short_life(void *p) { usleep(1000); return p; }

static void traced(int seized)
{
    pthread_t t;
    pid_t p;
    char *args[] = { "ptrace-stops", "x0", NULL };
    if (!seized)
        ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    if ((p = fork()) == 0)
        _exit(4);
    waitpid(p, NULL, 0);
    posix_spawn(&p, "/proc/self/exe", NULL, NULL, args, environ);
    waitpid(p, NULL, 0);
    pthread_create(&t, NULL, short_life, NULL);
    pthread_join(t, NULL);
    usleep(100000);
    raise(SIGTSTP);
    raise(SIGUSR2);
    execl("/proc/self/exe", "ptrace-stops", "x9", NULL);
    _exit(1);
}

#define MOST 16
static struct { pid_t pid; char text[4096]; int length; } logs[MOST];
static int known;

#define LOG(i, ...) (logs[i].length += snprintf(logs[i].text + logs[i].length, sizeof logs[i].text - logs[i].length, __VA_ARGS__))

static int find(pid_t pid)
{
    for (int i = 0; i < known; i++)
        if (logs[i].pid == pid)
            return i;
    logs[known].pid = pid;
    return known++;
}

static void follow(const char *name, int seized, long options)
{
    int status, first = !seized, made = 0;
    known = 0;
    memset(logs, 0, sizeof logs);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        traced(seized);
    if (seized) {
        waitpid(child, &status, WUNTRACED);
        EQ(status, 0x137f);
        EQ(ptrace(PTRACE_SEIZE, child, NULL, options), 0);
    }
    for (;;) {
        pid_t who = waitpid(-1, &status, __WALL);
        if (who < 0)
            break;
        int i = find(who), event = status >> 16, signal = WSTOPSIG(status), inject = 0, none;
        unsigned long message = 0;
        siginfo_t info = { 0 };
        if (!WIFSTOPPED(status)) {
            LOG(i, "  end %x\n", status);
            continue;
        }
        EQ(ptrace(PTRACE_GETEVENTMSG, who, NULL, &message), 0);
        none = ptrace(PTRACE_GETSIGINFO, who, NULL, &info) != 0;
        LOG(i, "  signal %d event %d code %d%s", signal, event, none ? 0 : info.si_code, none ? " none" : "");
        if (event == PTRACE_EVENT_EXIT)
            LOG(i, " message %lx", message);
        if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE)
            made += find(message) > 0;
        LOG(i, "\n");
        if (first)
            EQ(ptrace(PTRACE_SETOPTIONS, who, NULL, options), 0);
        first = 0;
        if (event == 128 && signal != SIGTRAP) {
            EQ(ptrace(PTRACE_LISTEN, who, NULL, NULL), 0);
            usleep(20000);
            kill(who, SIGCONT);
            continue;
        }
        if (event == 0 && none)
            kill(who, SIGCONT);
        else if (event == 0 && signal != SIGTRAP && !(signal == SIGSTOP && info.si_code == 0))
            inject = signal;
        EQ(ptrace(PTRACE_CONT, who, NULL, (long)inject), 0);
    }
    EQ(errno, ECHILD);
    printf("%s, %d made\n", name, made);
    for (int i = 0; i < known; i++)
        printf(" %d\n%s", i, logs[i].text);
}

/* It was taken for the signal that the kernel sends after an exec. */
static void trap_first(void)
{
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        kill(getpid(), SIGTRAP);
        _exit(7);
    }
    EQ(waitpid(child, &status, 0), child);
    EQ(status, SIGTRAP << 8 | 0x7f);
    EQ(ptrace(PTRACE_CONT, child, 0, 0), 0);
    EQ(waitpid(child, &status, 0), child);
    EQ(status, 7 << 8);
}

int main(int argc, char **argv)
{
    const long all = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEVFORKDONE
        | PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL;
    if (argc > 1)
        return argv[1][1] - '0';
    signal(SIGUSR2, SIG_IGN);
    follow("traceme", 0, all);
    follow("only exec", 0, PTRACE_O_TRACEEXEC);
    follow("seize", 1, all);
    follow("no events", 0, PTRACE_O_TRACESYSGOOD);
    trap_first();
    return guest_done();
}
