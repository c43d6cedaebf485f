// also: i386
// cc: -O1
// Hardware watchpoints as a debugger sets them, in the debug registers of its tracee: writes, reads and writes, several at once, sizes, after the instruction that did it,
// not for what a system call writes; an access next to one is none. Breakpoints on execution are beside the point here.
#include "guest.h"
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/user.h>

static volatile int word, other, beside[2], done;
static volatile unsigned char bytes[8] __attribute__((aligned(8)));

static void __attribute__((noinline)) writes(int n) { word = n; }

static void run(void)
{
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    for (int i = 1; i <= 3; i++)
        writes(i);
    other++;           /* watched for reads and writes: one hit for each instruction */
    beside[0] = 7;
    if (read(0, (void *)&word, 0) < 0)
        _exit(9);
    int p[2];
    if (pipe(p) || write(p[1], "abcd", 4) != 4 || read(p[0], (void *)&word, 4) != 4)
        _exit(8);
    bytes[1] = 5;      /* in the watched pair */
    bytes[2] = 6;      /* not */
    done = other;      /* a read */
    _exit(0);
}

#define DR(n) (offsetof(struct user, u_debugreg) + (n) * sizeof(long))
#define SLOT(i, kind, length) (1ul << 2 * (i) | (unsigned long)((kind) | ((length) - 1) << 2) << (16 + 4 * (i)))

static void set(pid_t pid, int n, unsigned long value)
{
    errno = 0;
    CHECK(ptrace(PTRACE_POKEUSER, pid, DR(n), value) == 0);
}

int main(void)
{
    int status;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        run();
    CHECK(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
    set(pid, 0, (unsigned long)&word);
    set(pid, 1, (unsigned long)&other);
    set(pid, 2, (unsigned long)&beside[1]);
    set(pid, 3, (unsigned long)&bytes);
    set(pid, 7, SLOT(0, 1, 4) | SLOT(1, 3, 4) | SLOT(2, 1, 4) | SLOT(3, 1, 2));
    errno = 0;
    CHECK((unsigned long)ptrace(PTRACE_PEEKUSER, pid, DR(0), 0) == (unsigned long)&word && errno == 0);
    for (int hits = 0; hits < 20; hits++) {
        CHECK(ptrace(PTRACE_CONT, pid, 0, 0) == 0);
        CHECK(waitpid(pid, &status, 0) == pid);
        if (!WIFSTOPPED(status))
            break;
        siginfo_t info;
        CHECK(ptrace(PTRACE_GETSIGINFO, pid, 0, &info) == 0);
        unsigned long which = ptrace(PTRACE_PEEKUSER, pid, DR(6), 0) & 15;
        set(pid, 6, 0);
        errno = 0;
        printf("signal %d code %d: slot bits %lx, word %d\n", WSTOPSIG(status), info.si_code, which, (int)ptrace(PTRACE_PEEKDATA, pid, &word, 0));
    }
    printf("ends %x\n", status);
    return guest_done();
}
