// also: i386 ppc
// cc: -O2
// alarm, setitimer (real and virtual), timer_create with a value, timer signals in a computing loop, timerfd.
#include "guest.h"
#include <sys/time.h>
#include <sys/timerfd.h>

static volatile int alarms, virtual_hits, timer_value, timer_hits;

static void on_alarm(int sig, siginfo_t *info, void *uc) { (void)uc; (void)info; if (sig == SIGALRM) alarms++; else virtual_hits++; }

static void on_timer(int sig, siginfo_t *info, void *uc)
{
    (void)sig; (void)uc;
    CHECK(info->si_code == SI_TIMER);
    timer_value = info->si_value.sival_int;
    timer_hits++;
}

int main(void)
{
    guest_handle(SIGALRM, on_alarm, 0);
    guest_handle(SIGVTALRM, on_alarm, 0);
    guest_handle(SIGRTMIN + 5, on_timer, 0);

    EQ(alarm(100), 0);
    CHECK(alarm(0) >= 99);
    struct itimerval it = { { 0, 5000 }, { 0, 5000 } }, old;
    CHECK(setitimer(ITIMER_REAL, &it, NULL) == 0);
    while (alarms < 10) { }
    CHECK(getitimer(ITIMER_REAL, &old) == 0);
    EQ(old.it_interval.tv_usec, 5000);
    memset(&it, 0, sizeof it);
    CHECK(setitimer(ITIMER_REAL, &it, NULL) == 0);

    it.it_value.tv_usec = it.it_interval.tv_usec = 4000;
    CHECK(setitimer(ITIMER_VIRTUAL, &it, NULL) == 0);
    volatile unsigned long spin = 0;
    while (virtual_hits < 5)
        spin++;
    memset(&it, 0, sizeof it);
    CHECK(setitimer(ITIMER_VIRTUAL, &it, NULL) == 0);

    timer_t id;
    struct sigevent e;
    memset(&e, 0, sizeof e);
    e.sigev_notify = SIGEV_SIGNAL;
    e.sigev_signo = SIGRTMIN + 5;
    e.sigev_value.sival_int = 1234;
    CHECK(timer_create(CLOCK_MONOTONIC, &e, &id) == 0);
    struct itimerspec its = { { 0, 3000000 }, { 0, 3000000 } };
    CHECK(timer_settime(id, 0, &its, NULL) == 0);
    while (timer_hits < 10)
        pause();
    CHECK(timer_getoverrun(id) >= 0);
    CHECK(timer_delete(id) == 0);
    EQ(timer_value, 1234);
    FAILS(timer_delete((timer_t)12345), EINVAL);

    memset(&e, 0, sizeof e);
    e.sigev_notify = SIGEV_NONE;
    CHECK(timer_create(CLOCK_REALTIME, &e, &id) == 0);
    its = (struct itimerspec){ { 0, 0 }, { 50, 0 } };
    CHECK(timer_settime(id, 0, &its, NULL) == 0);
    CHECK(timer_gettime(id, &its) == 0);
    EQ(its.it_value.tv_sec >= 48 && its.it_value.tv_sec <= 50, 1);
    timer_delete(id);

    int fd = timerfd_create(CLOCK_MONOTONIC, 0);
    its = (struct itimerspec){ { 0, 2000000 }, { 0, 2000000 } };
    CHECK(timerfd_settime(fd, 0, &its, NULL) == 0);
    guest_sleep_ms(20);
    uint64_t n = 0;
    EQ(read(fd, &n, 8), 8);
    CHECK(n >= 5);
    close(fd);
    return guest_done();
}
