// also: i386 ppc
// cc: -O2 -pthread
// clone of processes that share memory and run beside their parent (with and without shared handlers and descriptors), CLONE_PARENT, and of threads that do not share descriptors or directory.
#include "guest.h"
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <sys/stat.h>

static char stacks[2][64 * 1024] __attribute__((aligned(16)));
static volatile int shared, handled;
static int pipes[2];

static void on_usr1(int signal)
{
    (void)signal;
    handled++;
}

static void on_usr2(int signal)
{
    (void)signal;
    handled += 10;
}

static int beside(void *arg)
{
    (void)arg;
    shared = 1;
    while (shared == 1) /* the parent goes on only because it does not wait */
        usleep(1000);
    signal(SIGUSR1, on_usr2);
    for (int i = 0; i < 1000; i++)
        free(malloc(i * 100));
    close(pipes[0]);
    return shared + 1;
}

static int killed(void *arg)
{
    (void)arg;
    shared = 5;
    for (;;)
        shared = 6;
}

static int asks_parent(void *arg)
{
    return getppid() == (long)arg ? 7 : 8;
}

static int run(int (*f)(void *), int flags)
{
    shared = 0;
    int pid = clone(f, stacks[0] + sizeof stacks[0], flags | SIGCHLD, NULL);
    CHECK(pid > 0);
    while (shared != 1)
        usleep(1000);
    shared = 40;
    int status = guest_wait(pid);
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int raw_thread(void *arg)
{
    (void)arg;
    close(pipes[0]);
    CHECK(chdir("/") == 0);
    shared = 9;
    for (;;)
        syscall(SYS_exit, 0);
}

int main(void)
{
    signal(SIGUSR1, on_usr1);
    CHECK(pipe(pipes) == 0);
    EQ(run(beside, CLONE_VM), 41);
    raise(SIGUSR1);
    EQ(handled, 1);
    CHECK(fcntl(pipes[0], F_GETFD) >= 0);
    EQ(run(beside, CLONE_VM | CLONE_SIGHAND), 41);
    raise(SIGUSR1);
    EQ(handled, 11);
    signal(SIGUSR1, on_usr1);
    EQ(run(beside, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND), 41);
    FAILS(fcntl(pipes[0], F_GETFD), EBADF);
    CHECK(close(pipes[1]) == 0 && pipe(pipes) == 0);

    /* Ended by a signal while it runs; the parent's own code and collections of garbage go on. */
    for (int i = 0; i < 5; i++) {
        shared = 0;
        int pid = clone(killed, stacks[0] + sizeof stacks[0], CLONE_VM | SIGCHLD, NULL);
        CHECK(pid > 0);
        while (shared != 6)
            usleep(100);
        CHECK(kill(pid, SIGKILL) == 0);
        int status = guest_wait(pid);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }

    /* A sibling instead of a child. */
    int child = fork();
    if (child == 0)
        _exit(clone(asks_parent, stacks[1] + sizeof stacks[1], CLONE_PARENT | SIGCHLD, (void *)(long)getppid()) < 0);
    EQ(guest_wait(child), 0);
    int status;
    CHECK(wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 7);

    /* A thread that shares memory and handlers only. */
    char before[512], after[512];
    CHECK(getcwd(before, sizeof before) != NULL);
    CHECK(clone(raw_thread, stacks[1] + sizeof stacks[1], CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, NULL) > 0);
    while (shared != 9)
        usleep(1000);
    CHECK(fcntl(pipes[0], F_GETFD) >= 0);
    CHECK(getcwd(after, sizeof after) != NULL && strcmp(before, after) == 0);

    FAILS(syscall(SYS_clone, CLONE_SIGHAND, 0, 0, 0, 0), EINVAL);
    FAILS(syscall(SYS_clone, CLONE_THREAD | CLONE_VM, 0, 0, 0, 0), EINVAL);
    FAILS(syscall(SYS_clone, CLONE_FS | CLONE_NEWNS, 0, 0, 0, 0), EINVAL);
    struct clone_args args = { .flags = CLONE_PARENT, .exit_signal = SIGCHLD };
    FAILS(syscall(SYS_clone3, &args, sizeof args), EINVAL);
    args = (struct clone_args){ .flags = CLONE_DETACHED };
    FAILS(syscall(SYS_clone3, &args, sizeof args), EINVAL);
    return guest_done();
}
