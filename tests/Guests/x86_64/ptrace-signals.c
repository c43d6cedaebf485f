// also: i386 ppc
// cc: -O1
// What a tracer does with a signal in the stop before its delivery: blocks it (it waits, and comes with its siginfo when it is open), gives another one, makes one up at a stop of
// another kind; who has sent those.
#include "guest.h"
#include <sys/prctl.h>
#include <sys/ptrace.h>

static volatile sig_atomic_t usr1, usr2;
static volatile int code1, code2, pid2, uid2;

static void handler(int sig, siginfo_t *info, void *context)
{
    (void)context;
    if (sig == SIGUSR1)
        (usr1++, code1 = info->si_code);
    else
        (usr2++, code2 = info->si_code, pid2 = info->si_pid, uid2 = (int)info->si_uid);
}

static void tell(const char *what)
{
    sigset_t waiting;
    pid_t tracer = getppid(); /* before anything is looked at: a signal may come with it */
    sigpending(&waiting);
    printf("%s: usr1 %d (code %d), usr2 %d (code %d, %s, %s), waiting %d %d\n", what, (int)usr1, code1, (int)usr2, code2, pid2 == tracer ? "the tracer" : "another",
        uid2 == (int)getuid() ? "its user" : "another", sigismember(&waiting, SIGUSR1), sigismember(&waiting, SIGUSR2));
    pid2 = uid2 = 0;
}

static int child(void)
{
    sigset_t open, both;
    sigemptyset(&open);
    sigemptyset(&both);
    sigaddset(&both, SIGUSR1);
    sigaddset(&both, SIGUSR2);
    guest_handle(SIGUSR1, handler, 0);
    guest_handle(SIGUSR2, handler, 0);
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGUSR1);
    tell("blocked in its own stop");
    sigprocmask(SIG_SETMASK, &open, NULL);
    tell("opened");
    raise(SIGUSR1);
    tell("another one");
    sigprocmask(SIG_SETMASK, &both, NULL);
    sigprocmask(SIG_SETMASK, &open, NULL);
    raise(SIGUSR1);
    tell("another one, blocked");
    sigprocmask(SIG_SETMASK, &open, NULL);
    tell("opened");
    raise(SIGSTOP);
    tell("in place of a stop, and made up at the handler's return");
    syscall(SYS_getppid);
    tell("made up at a call");
    fflush(stdout);
    return 7;
}

/* Goes on to the next stop. */
static int stop(pid_t pid, int request, int sig, int want)
{
    int status = 0;
    EQ(ptrace(request, pid, 0, sig), 0);
    EQ(waitpid(pid, &status, 0), pid);
    if (WIFSTOPPED(status))
        EQ(status >> 8, want);
    return status;
}

struct call_info {
    uint8_t op, pad[3];
    uint32_t arch;
    uint64_t ip, sp, number, words[7];
};

static long call_of(pid_t pid)
{
    struct call_info info;
    memset(&info, 0, sizeof info);
    ptrace((enum __ptrace_request)0x420e, pid, (void *)sizeof info, &info); /* PTRACE_GET_SYSCALL_INFO */
    return info.op == 1 ? (long)info.number : -1;
}

static void block(pid_t pid, uint64_t mask)
{
    uint32_t words[2] = { (uint32_t)mask, (uint32_t)(mask >> 32) };
    EQ(ptrace(PTRACE_SETSIGMASK, pid, sizeof mask, sizeof(long) == 8 ? (void *)&mask : words), 0);
}

int main(void)
{
    int status;
    if (getuid() == 0) {
        EQ(setresuid(12345, 12345, 12345), 0);
        EQ(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
    }
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    pid_t pid = fork();
    if (pid == 0)
        _exit(child());
    EQ(waitpid(pid, &status, 0), pid);
    EQ(status, SIGUSR1 << 8 | 0x7f);
    EQ(ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD), 0);
    block(pid, 1u << (SIGUSR1 - 1));
    stop(pid, PTRACE_CONT, SIGUSR1, SIGUSR1); /* it stops again when it is open */
    siginfo_t info;
    EQ(ptrace(PTRACE_GETSIGINFO, pid, 0, &info), 0);
    EQ(info.si_code, SI_TKILL);
    EQ(info.si_pid, pid);
    EQ(info.si_uid, getuid());
    stop(pid, PTRACE_CONT, SIGUSR1, SIGUSR1);
    stop(pid, PTRACE_CONT, SIGUSR2, SIGUSR1);
    block(pid, 1u << (SIGUSR2 - 1));
    stop(pid, PTRACE_CONT, SIGUSR2, SIGUSR2);
    stop(pid, PTRACE_CONT, SIGUSR2, SIGSTOP);
    /* To the handler, then its return, behind which the signal is open again. */
    for (int i = 0; i < 2; i++)
        stop(pid, PTRACE_SYSCALL, i == 0 ? SIGUSR2 : 0, SIGTRAP | 0x80);
    stop(pid, PTRACE_CONT, SIGUSR2, SIGUSR2);
    EQ(ptrace(PTRACE_GETSIGINFO, pid, 0, &info), 0);
    printf("made up: code %d, %s\n", info.si_code, info.si_pid == 0 && info.si_uid == 0 ? "nobody" : "somebody");
    for (int i = 0; i < 40; i++) {
        stop(pid, PTRACE_SYSCALL, i == 0 ? SIGUSR2 : 0, SIGTRAP | 0x80);
        if (call_of(pid) == SYS_getppid)
            break;
    }
    stop(pid, PTRACE_SYSCALL, SIGUSR2, SIGTRAP | 0x80); /* at the entry: the call is made, the signal comes behind its end */
    stop(pid, PTRACE_CONT, 0, SIGUSR2);
    EQ(ptrace(PTRACE_GETSIGINFO, pid, 0, &info), 0);
    printf("made up: code %d\n", info.si_code);
    status = stop(pid, PTRACE_CONT, SIGUSR2, 0);
    printf("ends %x\n", status);
    return guest_done();
}
