// also: i386
// cc: -O1 -pthread -fno-pic -no-pie
// Breakpoints on execution in the debug registers of a tracee, as gdb's hbreak sets them: before the instruction, once for each time it is come to, with the
// resume flag that lets it go on, for the one thread they are set in, together with steps, signals, data breakpoints; what the kernel refuses; gone after fork and exec.
#include "guest.h"
#include <pthread.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>

#ifdef __x86_64__
enum { PC_AT = offsetof(struct user_regs_struct, rip), FLAGS_AT = offsetof(struct user_regs_struct, eflags) };
#else
enum { PC_AT = offsetof(struct user_regs_struct, eip), FLAGS_AT = offsetof(struct user_regs_struct, eflags) };
#endif
enum { ResumeFlag = 0x10000 };

extern char first[], second[], third[], loop_head[], behind_call[];
int counter, watched;
void body(void);
asm(".text\n.globl body\nbody:\n"
    "first: incl counter\n"
    "second: nop\n"
    "third: incl counter\n"
    "  mov $3, %ecx\n"
    "loop_head: dec %ecx\n"
    "  jnz loop_head\n"
    "  movl $5, watched\n"
    "  ret\n");

static void handler(int sig) { counter += sig; }

static void run(void)
{
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    guest_handle(SIGUSR1, (void *)handler, 0);
    raise(SIGSTOP);
    for (;;) {
        body();
        raise(SIGUSR1);
    }
}

#define DR(n) (offsetof(struct user, u_debugreg) + (n) * sizeof(long))
#define EXECUTE(i) (1ul << 2 * (i))
#define WRITE4(i) (1ul << 2 * (i) | 0xDul << (16 + 4 * (i)))

static long set(pid_t pid, int n, unsigned long value)
{
    errno = 0;
    return ptrace(PTRACE_POKEUSER, pid, DR(n), value) == 0 ? 0 : -errno;
}

static unsigned long user(pid_t pid, size_t at)
{
    errno = 0;
    unsigned long value = ptrace(PTRACE_PEEKUSER, pid, at, 0);
    return errno == 0 ? value : ~0ul;
}

static const char *name(unsigned long pc)
{
    static const struct { char *at; const char *name; } places[] = { { first, "first" }, { second, "second" }, { third, "third" }, { loop_head, "loop" }, { (char *)handler, "handler" } };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (pc == (unsigned long)places[i].at)
            return places[i].name;
    return "elsewhere";
}

/* Goes on and tells where and why it stops. */
static int go(const char *what, pid_t pid, int request, int sig)
{
    int status;
    siginfo_t info;
    CHECK(ptrace(request, pid, 0, sig) == 0);
    CHECK(waitpid(pid, &status, __WALL) == pid);
    if (!WIFSTOPPED(status)) {
        printf("%s: ends %x\n", what, status);
        return status;
    }
    memset(&info, 0, sizeof info);
    CHECK(ptrace(PTRACE_GETSIGINFO, pid, 0, &info) == 0);
    unsigned long pc = user(pid, PC_AT);
    printf("%s: signal %d code %d at %s, address %s, resume flag %d, dr6 %lx, counter %d\n", what, WSTOPSIG(status), info.si_code, name(pc),
        WSTOPSIG(status) == SIGTRAP && info.si_code > 0 ? (unsigned long)info.si_addr == pc ? "pc" : name((unsigned long)info.si_addr) : "-", (user(pid, FLAGS_AT) & ResumeFlag) != 0,
        user(pid, DR(6)) & 0x400F, (int)ptrace(PTRACE_PEEKDATA, pid, &counter, 0));
    set(pid, 6, 0);
    return status;
}

static pid_t start(void)
{
    int status;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        run();
    CHECK(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
    return pid;
}

static void finish(pid_t pid)
{
    int status;
    kill(pid, SIGKILL);
    CHECK(waitpid(pid, &status, __WALL) == pid);
}

static void basics(void)
{
    pid_t pid = start();
    EQ(set(pid, 0, (unsigned long)first), 0);
    EQ(set(pid, 1, (unsigned long)loop_head), 0);
    EQ(set(pid, 7, EXECUTE(0) | EXECUTE(1)), 0);
    printf("dr0 %d, dr7 %lx\n", user(pid, DR(0)) == (unsigned long)first, user(pid, DR(7)));
    for (int i = 0; i < 6; i++)
        go("continue", pid, PTRACE_CONT, 0);
    go("signal", pid, PTRACE_CONT, SIGUSR1);
    go("step at a breakpoint", pid, PTRACE_SINGLESTEP, 0);
    EQ(set(pid, 2, (unsigned long)third), 0);
    EQ(set(pid, 7, EXECUTE(0) | EXECUTE(2)), 0);
    for (int i = 0; i < 2; i++)
        go("step", pid, PTRACE_SINGLESTEP, 0);
    /* Moved to a breakpoint by the tracer: with the flag it is passed, without it is hit. */
    for (int flag = 0; flag < 2; flag++) {
        ptrace(PTRACE_POKEUSER, pid, PC_AT, first);
        ptrace(PTRACE_POKEUSER, pid, FLAGS_AT, flag ? 0x10202 : 0x202);
        go(flag ? "moved, with the flag" : "moved", pid, PTRACE_CONT, 0);
    }
    EQ(set(pid, 7, 0), 0);
    go("none left", pid, PTRACE_CONT, 0);
    EQ(set(pid, 3, (unsigned long)&watched), 0);
    EQ(set(pid, 7, WRITE4(3) | EXECUTE(0)), 0);
    for (int i = 0; i < 4; i++)
        go("with a data breakpoint", pid, PTRACE_CONT, 0);
    /* Two for one place, then a handler's first instruction. */
    EQ(set(pid, 1, (unsigned long)first), 0);
    EQ(set(pid, 2, (unsigned long)handler), 0);
    EQ(set(pid, 7, EXECUTE(0) | EXECUTE(1) | EXECUTE(2)), 0);
    for (int i = 0; i < 4; i++)
        go("twice, and a handler", pid, PTRACE_CONT, i == 1 || i == 2 ? SIGUSR1 : 0);
    /* With system calls in between. */
    for (int i = 0; i < 4; i++)
        go("call", pid, PTRACE_SYSCALL, 0);
    finish(pid);
}

static void refused(void)
{
    pid_t pid = start();
    EQ(set(pid, 0, (unsigned long)first), 0);
    for (int length = 1; length < 4; length++)
        printf("length %d: %ld\n", length, set(pid, 7, EXECUTE(0) | (unsigned long)length << 18));
    printf("after that: dr7 %lx\n", user(pid, DR(7)));
    printf("not odd: %ld\n", set(pid, 0, (unsigned long)first + 1));
    if (sizeof(long) == 8)
        printf("in the kernel: %ld\n", set(pid, 0, -4096ul));
    printf("dr4 %ld dr5 %ld\n", set(pid, 4, 1), set(pid, 5, 1));
    finish(pid);
}

static void *thread(void *arg)
{
    for (int i = 0; i < 100; i++)
        body();
    return arg;
}

/* The other thread passes a breakpoint that is not its own, and so do a fork's child and the program of an exec. */
static void others(const char *self)
{
    int status;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        pthread_t t;
        pthread_create(&t, NULL, thread, NULL);
        pthread_join(t, NULL);
        pid_t child = fork();
        if (child == 0) {
            body();
            _exit(7);
        }
        waitpid(child, &status, 0);
        printf("the child: %x\n", status);
        body();
        fflush(stdout);
        execl(self, self, "body", NULL);
        _exit(9);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
    EQ(set(pid, 0, (unsigned long)second), 0);
    EQ(set(pid, 7, EXECUTE(0)), 0);
    go("others", pid, PTRACE_CONT, 0);
    go("to exec", pid, PTRACE_CONT, 0);
    printf("after exec: dr7 %lx\n", user(pid, DR(7)));
    fflush(stdout);
    go("to the end", pid, PTRACE_CONT, 0);
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOFBF, 1 << 16);
    if (argc > 1) {
        body();
        return 3;
    }
    basics();
    refused();
    others(argv[0]);
    return guest_done();
}
