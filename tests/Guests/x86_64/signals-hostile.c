// also: i386 ppc
// cc: -O1
// Signals at bad moments: no room for the frame, a bad sigreturn frame, the last real-time signal while blocked, fault signals sent to a child just forked.
#include "guest.h"
#include <setjmp.h>

static char alternate[65536];
static sigjmp_buf back;
static volatile int faults, last;

static void on_fault(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    (void)info;
    faults++;
    siglongjmp(back, 1);
}

static void on_last(int signal)
{
    last = signal;
}

int main(void)
{
    /* The alternate stack cannot be written: SIGSEGV instead, whose handler runs on the usual one. */
    char *bad = mmap(NULL, 65536, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    stack_t stack = { .ss_sp = bad, .ss_size = 65536 };
    CHECK(sigaltstack(&stack, NULL) == 0);
    struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER };
    CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
    action = (struct sigaction){ .sa_handler = on_last, .sa_flags = SA_ONSTACK };
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    for (int i = 0; i < 100; i++)
        if (sigsetjmp(back, 1) == 0)
            raise(SIGUSR1);
    EQ(faults, 100);
    EQ(last, 0);
    stack = (stack_t){ .ss_sp = alternate, .ss_size = sizeof alternate };
    CHECK(sigaltstack(&stack, NULL) == 0);
    raise(SIGUSR1);
    EQ(last, SIGUSR1);

    /* The last real-time signal waits like any other. */
    sigset_t set, pending;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMAX);
    signal(SIGRTMAX, on_last);
    last = 0;
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    CHECK(raise(SIGRTMAX) == 0 && kill(getpid(), SIGRTMAX) == 0);
    EQ(last, 0);
    CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGRTMAX));
    struct timespec none = { 0, 0 };
    EQ(sigtimedwait(&set, NULL, &none), SIGRTMAX);
    CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
    EQ(last, SIGRTMAX);

    /* A signal that the processor raises too, sent before the child's first instruction. */
    static const int fatal[] = { SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV };
    signal(SIGSEGV, SIG_DFL);
    for (int i = 0; i < 25; i++) {
        int signal = fatal[i % 5];
        pid_t pid = fork();
        if (pid == 0)
            for (;;)
                pause();
        CHECK(kill(pid, signal) == 0);
        int status = guest_wait(pid);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == signal);
    }
    return guest_done();
}
