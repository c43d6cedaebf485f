// also: i386
// cc: -O1 -fno-pic -no-pie
// A vfork child that is traced with a breakpoint in a debug register, and its parent that is not: behind the child the parent runs as fast as before, since nothing of the
// breakpoint is left in the memory they shared.
#include "guest.h"
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/user.h>

enum { TURNS = 3000000 };
volatile int counter;
void body(void);
asm(".text\n.globl body\nbody: incl counter\n  ret\n");

#define DR(n) (offsetof(struct user, u_debugreg) + (n) * sizeof(long))

static long milliseconds(void)
{
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int i = 0; i < TURNS; i++)
        body();
    clock_gettime(CLOCK_MONOTONIC, &end);
    return (end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000;
}

static int parent(int tell, int go)
{
    long before = milliseconds();
    pid_t pid = vfork();
    if (pid == 0) {
        char c;
        int self = (int)syscall(SYS_getpid);
        if (write(tell, &self, sizeof self) != sizeof self || read(go, &c, 1) != 1)
            _exit(90);
        body();
        _exit(5);
    }
    int status = guest_wait(pid);
    long after = milliseconds();
    char c;
    CHECK(read(go, &c, 1) == 1);
    printf("child %x, %s\n", status, after < 20 * before + 300 ? "as fast as before" : "slow");
    fflush(stdout);
    return 0;
}

int main(void)
{
    int tell[2], go[2], status, child;
    CHECK(pipe(tell) == 0 && pipe(go) == 0);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        _exit(parent(tell[1], go[0]));
    EQ(read(tell[0], &child, sizeof child), sizeof child);
    EQ(ptrace(PTRACE_SEIZE, child, 0, 0), 0);
    EQ(ptrace(PTRACE_INTERRUPT, child, 0, 0), 0);
    EQ(waitpid(child, &status, __WALL), child);
    EQ(ptrace(PTRACE_POKEUSER, child, DR(0), body), 0);
    EQ(ptrace(PTRACE_POKEUSER, child, DR(7), 1), 0);
    EQ(ptrace(PTRACE_CONT, child, 0, 0), 0);
    EQ(write(go[1], "", 1), 1);
    for (int i = 0; i < 3 && waitpid(child, &status, __WALL) == child && WIFSTOPPED(status); i++) {
        printf("stop %x\n", status);
        ptrace(PTRACE_CONT, child, 0, 0);
    }
    printf("traced: %x\n", status);
    fflush(stdout);
    EQ(write(go[1], "", 1), 1);
    EQ(guest_wait(pid), 0);
    return guest_done();
}
