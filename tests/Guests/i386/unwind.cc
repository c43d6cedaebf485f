// cc: -O1 -fnon-call-exceptions -fasynchronous-unwind-tables
// cc[static]: -O1 -static -fnon-call-exceptions -fasynchronous-unwind-tables
// Exceptions thrown out of signal handlers: the unwinder has to get through both kinds of signal frame, by the vDSO's tables.
#include <csignal>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <sys/syscall.h>
#include <unistd.h>
#include <unwind.h>

struct kernel_action { void (*handler)(int); unsigned long flags; void *restorer; unsigned mask[2]; };

static void thrower(int sig) { throw std::runtime_error(sig == SIGSEGV ? "segv" : "fpe"); }

static int depth;
static _Unwind_Reason_Code count(_Unwind_Context *, void *)
{
    depth++;
    return _URC_NO_REASON;
}
static void counter(int) { _Unwind_Backtrace(count, nullptr); }

static void install(int sig, void (*handler)(int), unsigned long flags)
{
    kernel_action a = { handler, flags | SA_NODEFER, nullptr, { 0, 0 } };
    syscall(SYS_rt_sigaction, sig, &a, nullptr, 8);
}

__attribute__((noinline)) static int divide(volatile int *a, volatile int *b) { return *a / *b; }

int main()
{
    for (unsigned long flags : { 0ul, (unsigned long)SA_SIGINFO }) {
        install(SIGSEGV, thrower, flags);
        install(SIGFPE, thrower, flags);
        install(SIGUSR1, counter, flags);
        for (int i = 0; i < 3; i++) {
            volatile int one = 1, zero = 0;
            try {
                divide(i == 1 ? nullptr : &one, &zero);
                puts("nothing thrown");
            } catch (const std::exception &e) {
                puts(e.what());
            }
        }
        depth = 0;
        raise(SIGUSR1);
        printf("more than the handler's own frames: %d\n", depth > 3);
    }
    puts("done, 0 failures");
}
