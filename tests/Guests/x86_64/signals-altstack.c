// also: i386 ppc
// cc: -O2
// sigaltstack: handlers on it, its state while inside, stack overflow survived, autodisarm, errors.
#include "guest.h"
#include <setjmp.h>

static char alt[65536];
static volatile int on_alt, flags_inside, hits;
static sigjmp_buf back;

static int is_alt(void *p) { return (char *)p >= alt && (char *)p < alt + sizeof alt; }

static void look(int sig, siginfo_t *info, void *uc)
{
    int here;
    stack_t s;
    (void)sig; (void)info;
    on_alt = is_alt(&here);
    sigaltstack(NULL, &s);
    flags_inside = s.ss_flags;
    CHECK(((ucontext_t *)uc)->uc_stack.ss_sp == alt);
    if (sig == SIGUSR1) {
        FAILS(sigaltstack(&s, NULL), EPERM);
        raise(SIGUSR2);
    }
    hits++;
}

static void overflow(int sig, siginfo_t *info, void *uc)
{
    int here;
    (void)sig; (void)uc;
    on_alt = is_alt(&here);
    CHECK(info->si_addr != NULL);
    siglongjmp(back, 1);
}

__attribute__((noinline)) static int recurse(volatile int n)
{
    volatile char room[4096];
    room[0] = (char)n;
    return n < 0 ? 0 : recurse(n + 1) + room[0];
}

int main(void)
{
    stack_t s = { .ss_sp = alt, .ss_size = sizeof alt }, old;
    CHECK(sigaltstack(&s, &old) == 0);
    EQ(old.ss_flags, SS_DISABLE);
    guest_handle(SIGUSR1, look, SA_ONSTACK);
    guest_handle(SIGUSR2, look, SA_ONSTACK);
    raise(SIGUSR1);
    printf("on %d flags %d hits %d\n", on_alt, flags_inside, hits);
    guest_handle(SIGUSR2, look, 0);
    raise(SIGUSR2);
    printf("off %d flags %d\n", on_alt, flags_inside);

    guest_handle(SIGSEGV, overflow, SA_ONSTACK);
    for (int i = 0; i < 3; i++)
        if (sigsetjmp(back, 1) == 0)
            recurse(0);
    printf("overflow on %d\n", on_alt);

    s.ss_size = 100;
    FAILS(sigaltstack(&s, NULL), ENOMEM);
    s.ss_size = sizeof alt;
    s.ss_flags = 64;
    FAILS(sigaltstack(&s, NULL), EINVAL);
    FAILS(sigaltstack((stack_t *)8, NULL), EFAULT);
    s.ss_flags = 1u << 31;
    CHECK(sigaltstack(&s, NULL) == 0);
    guest_handle(SIGUSR2, look, SA_ONSTACK);
    raise(SIGUSR2);
    printf("autodisarm on %d flags %d\n", on_alt, flags_inside);
    s.ss_flags = SS_DISABLE;
    CHECK(sigaltstack(&s, NULL) == 0);
    return guest_done();
}
