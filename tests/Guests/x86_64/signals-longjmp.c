// also: i386 ppc
// cc: -O2
// Leaving handlers by siglongjmp and longjmp, from raised, faulting and asynchronous signals, thousands of times; mask kept or restored.
#include "guest.h"
#include <setjmp.h>
#include <sys/time.h>

static sigjmp_buf env;
static volatile int count, timer_exits;
static volatile int *volatile null;

static void jump(int sig) { siglongjmp(env, sig); }

static __attribute__((noinline)) unsigned spin(unsigned n)
{
    unsigned h = 1;
    for (unsigned i = 0; i < n; i++)
        h = h * 31 + i;
    return h;
}

int main(void)
{
    sigset_t now;
    signal(SIGUSR1, jump);
    signal(SIGSEGV, jump);
    signal(SIGALRM, jump);
    signal(SIGFPE, jump);
    for (volatile int i = 0; i < 1000; i++) {
        if (sigsetjmp(env, 1) == 0) {
            raise(SIGUSR1);
            CHECK(0);
        } else {
            count++;
        }
        if (sigsetjmp(env, 1) == 0) {
            *null = 1;
            CHECK(0);
        } else {
            count++;
        }
    }
    sigprocmask(SIG_BLOCK, NULL, &now);
    CHECK(!sigismember(&now, SIGUSR1) && !sigismember(&now, SIGSEGV));
    if (sigsetjmp(env, 0) == 0)
        raise(SIGUSR1);
    sigprocmask(SIG_BLOCK, NULL, &now);
    CHECK(sigismember(&now, SIGUSR1));
    sigemptyset(&now);
    sigprocmask(SIG_SETMASK, &now, NULL);

    struct itimerval it = { { 0, 1000 }, { 0, 1000 } };
    unsigned want = spin(1000);
    sigset_t block;
    sigemptyset(&block);
    sigaddset(&block, SIGALRM);
    sigprocmask(SIG_BLOCK, &block, NULL);
    setitimer(ITIMER_REAL, &it, NULL);
    while (timer_exits < 40) {
        if (sigsetjmp(env, 1) == 0) {
            sigprocmask(SIG_UNBLOCK, &block, NULL);
            for (;;)
                if (spin(1000) != want)
                    _exit(5);
        }
        timer_exits++;
        sigprocmask(SIG_BLOCK, &block, NULL);
    }
    memset(&it, 0, sizeof it);
    setitimer(ITIMER_REAL, &it, NULL);
    printf("%d jumps, %d from the timer\n", count, timer_exits);
    return guest_done();
}
