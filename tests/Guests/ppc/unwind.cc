// cc: -O2 -fnon-call-exceptions -pthread -maltivec
// cc[static]: -O2 -fnon-call-exceptions -pthread -maltivec -static
// C++ exceptions thrown out of signal handlers, through the frame the kernel made; registers that the frame holds come back.
#include <altivec.h>
#include <csignal>
#include <cstdio>
#include <execinfo.h>
#include <pthread.h>
#include <unistd.h>
#include <unwind.h>

struct Fault { int signal; };
static int frames;
static volatile int *volatile nowhere = reinterpret_cast<volatile int *>(16);

static _Unwind_Reason_Code count(_Unwind_Context *, void *) { frames++; return _URC_NO_REASON; }

static void thrower(int sig)
{
    frames = 0;
    _Unwind_Backtrace(count, nullptr);
    throw Fault{sig};
}

static void thrower_info(int sig, siginfo_t *, void *) { throw Fault{sig}; }

struct Guard {
    int &n;
    ~Guard() { n++; }
};

__attribute__((noinline)) static int fault(volatile int *p, int &cleanups)
{
    Guard g{cleanups};
    // Values in registers that callees keep: they have to be the same in the handler of the exception.
    register double d asm("fr20") = 2.5;
    register int r asm("r20") = 99;
    register vector signed int v asm("v22") = {1, 2, 3, 4};
    asm volatile("" : "+d"(d), "+r"(r), "+v"(v));
    int result = 0;
    try {
        result = *p;
    } catch (Fault &f) {
        asm volatile("" : "+d"(d), "+r"(r), "+v"(v));
        result = f.signal * 1000 + (d == 2.5) + 2 * (r == 99) + 4 * vec_all_eq(v, ((vector signed int){1, 2, 3, 4}));
    }
    return result;
}

__attribute__((noinline)) static int deep(int n, volatile int *p, int &cleanups)
{
    Guard g{cleanups};
    if (n == 0)
        return *p;
    return deep(n - 1, p, cleanups) + 1;
}

static void *sleeper(void *arg)
{
    Guard g{*static_cast<int *>(arg)};
    for (;;)
        pause();
    return nullptr;
}

static void idle(int) { pause(); }

int main()
{
    int cleanups = 0;
    struct sigaction sa = {};
    sa.sa_handler = thrower;
    sa.sa_flags = SA_NODEFER;
    sigaction(SIGSEGV, &sa, nullptr);
    std::printf("old frame: %d\n", fault(nowhere, cleanups));
    std::printf("frames seen: %s\n", frames >= 4 ? "enough" : "too few");
    sa.sa_sigaction = thrower_info;
    sa.sa_flags = SA_NODEFER | SA_SIGINFO;
    sigaction(SIGSEGV, &sa, nullptr);
    std::printf("rt frame: %d\n", fault(nowhere, cleanups));
    try {
        deep(50, nowhere, cleanups);
    } catch (Fault &f) {
        std::printf("deep: %d, cleanups %d\n", f.signal, cleanups);
    }
    // Cancelled while it waits in a handler: the unwinder goes through the frame and runs the destructor below it.
    sa.sa_handler = idle;
    sa.sa_flags = 0;
    sigaction(SIGUSR1, &sa, nullptr);
    int ended = 0;
    pthread_t t;
    pthread_create(&t, nullptr, sleeper, &ended);
    usleep(20000);
    pthread_kill(t, SIGUSR1);
    usleep(20000);
    pthread_cancel(t);
    void *result;
    pthread_join(t, &result);
    std::printf("cancelled %d, destructors %d\n", result == PTHREAD_CANCELED, ended);
    std::puts("done, 0 failures");
}
