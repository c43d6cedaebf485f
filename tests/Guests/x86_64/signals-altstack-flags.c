// also: i386 ppc
// cc: -O1 -pthread
// The flags of the alternate signal stack, as a query tells them and as signal frames show them: what sigaltstack was given last, and nothing before; new threads; what a handler
// finds and its return puts back; a stack too small for a frame.
#include "guest.h"
#include <pthread.h>

#define AUTODISARM 0x80000000u

static char room[1 << 16] __attribute__((aligned(64)));

static void show(const char *what, stack_t s)
{
    printf("%s: %s %x %lx\n", what, s.ss_sp == room ? "the stack" : s.ss_sp == NULL ? "none" : "elsewhere", (unsigned)s.ss_flags, (unsigned long)s.ss_size);
}

static stack_t query(void)
{
    stack_t s;
    memset(&s, 0x55, sizeof s);
    EQ(sigaltstack(NULL, &s), 0);
    return s;
}

static void handler(int sig, siginfo_t *info, void *context)
{
    (void)info;
    show(sig == SIGUSR1 ? "  frame" : "  frame on it", ((ucontext_t *)context)->uc_stack);
    show("  inside", query());
}

static void look(const char *what)
{
    show(what, query());
    raise(SIGUSR1);
    raise(SIGUSR2);
    show("  behind", query());
}

static void set(const char *what, unsigned flags, size_t size)
{
    stack_t s = { .ss_sp = room, .ss_flags = flags, .ss_size = size };
    int result = sigaltstack(&s, NULL);
    printf("set %s: %d\n", what, result == 0 ? 0 : errno);
    look(what);
}

static void *thread(void *arg)
{
    int status;
    look("thread");
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        look("fork of a thread");
        fflush(stdout);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    return arg;
}

int main(void)
{
    pthread_t t;
    int status;
    guest_handle(SIGUSR1, handler, 0);
    guest_handle(SIGUSR2, handler, SA_ONSTACK);
    look("main");
    pthread_create(&t, NULL, thread, NULL);
    pthread_join(t, NULL);
    set("on", SS_ONSTACK, sizeof room);
    set("0", 0, sizeof room);
    set("disarming", AUTODISARM, sizeof room);
    set("disarming, on", AUTODISARM | SS_ONSTACK, sizeof room);
    set("off", SS_DISABLE, 17);
    set("off, disarming", SS_DISABLE | AUTODISARM, 17);
    set("wrong", 7, sizeof room);
    set("too small", 0, 2047);
    set("on and off", 3, sizeof room);
    fflush(stdout);
    /* Room for the call's minimum, but for no handler with all that is in a frame and what it calls. */
    pid_t pid = fork();
    if (pid == 0) {
        char *mapped = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        stack_t s = { .ss_sp = mapped + 4096, .ss_flags = 0, .ss_size = 2048 };
        mprotect(mapped, 4096, PROT_NONE);
        sigaltstack(&s, NULL);
        signal(SIGSEGV, SIG_DFL);
        for (int i = 0; i < 2; i++)
            raise(SIGUSR2);
        _exit(3);
    }
    waitpid(pid, &status, 0);
    printf("small: %s\n", WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV ? "SIGSEGV" : "else");
    return guest_done();
}
