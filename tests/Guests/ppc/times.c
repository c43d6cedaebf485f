// cc: -O2
// cc[time64]: -O2 -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64
// Clocks, sleeps, timers and resource usage, through 32-bit and 64-bit times; what stands in the padding does not matter.
#include "guest.h"
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <sys/utsname.h>

int main(void)
{
    struct timespec a, b;
    EQ(clock_gettime(CLOCK_REALTIME, &a), 0);
    CHECK(a.tv_sec > 1600000000 && a.tv_nsec >= 0 && a.tv_nsec < 1000000000);
    struct timeval tv;
    EQ(gettimeofday(&tv, 0), 0);
    CHECK(tv.tv_sec - a.tv_sec <= 10 && tv.tv_usec < 1000000);
    CHECK(time(0) - tv.tv_sec <= 10);
    int32_t old[2];
    int64_t wide[2];
    EQ(syscall(SYS_clock_gettime, CLOCK_REALTIME, old), 0);
    EQ(syscall(SYS_clock_gettime64, CLOCK_REALTIME, wide), 0);
    CHECK(wide[0] - old[0] <= 10 && wide[1] < 1000000000);
    EQ(clock_getres(CLOCK_MONOTONIC, &a), 0);
    CHECK(a.tv_sec == 0 && a.tv_nsec > 0);

    clock_gettime(CLOCK_MONOTONIC, &a);
    struct timespec pause_ = { 0, 20000000 }, left = { 9, 9 };
    EQ(nanosleep(&pause_, &left), 0);
    clock_gettime(CLOCK_MONOTONIC, &b);
    int64_t passed = (b.tv_sec - a.tv_sec) * 1000000000ll + b.tv_nsec - a.tv_nsec;
    CHECK(passed >= 20000000 && passed < 5000000000ll);
    struct { int64_t seconds; uint32_t padding, nanoseconds; } raw = { 0, 0xdeadbeef, 1000000 };
    EQ(syscall(SYS_clock_nanosleep_time64, CLOCK_MONOTONIC, 0, &raw, 0), 0);
    raw.nanoseconds = 1000000000;
    errno = 0;
    EQ(syscall(SYS_clock_nanosleep_time64, CLOCK_MONOTONIC, 0, &raw, 0), -1);
    EQ(errno, EINVAL);
    struct timespec until = b;
    until.tv_nsec += 5000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    EQ(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, 0), 0);

    struct itimerval every = { { 100, 5000 }, { 50, 250000 } }, was;
    EQ(setitimer(ITIMER_REAL, &every, 0), 0);
    EQ(getitimer(ITIMER_REAL, &was), 0);
    CHECK(was.it_interval.tv_sec == 100 && was.it_interval.tv_usec == 5000 && was.it_value.tv_sec >= 49 && was.it_value.tv_sec <= 50);
    EQ(alarm(0) >= 50, 1);

    timer_t id;
    struct sigevent event = { .sigev_notify = SIGEV_NONE };
    EQ(timer_create(CLOCK_REALTIME, &event, &id), 0);
    struct itimerspec spec = { { 7, 8 }, { 1000, 9 } }, now;
    EQ(timer_settime(id, 0, &spec, 0), 0);
    EQ(timer_gettime(id, &now), 0);
    CHECK(now.it_interval.tv_sec == 7 && now.it_interval.tv_nsec == 8 && now.it_value.tv_sec >= 998 && now.it_value.tv_sec <= 1000);
    EQ(timer_delete(id), 0);

    struct rusage usage;
    for (volatile int i = 0; i < 3000000; i++)
        ;
    EQ(getrusage(RUSAGE_SELF, &usage), 0);
    CHECK(usage.ru_maxrss > 100 && usage.ru_utime.tv_usec >= 0 && usage.ru_utime.tv_usec < 1000000);
    struct rlimit limit;
    EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    CHECK(limit.rlim_cur > 10);
    limit.rlim_cur = 77;
    EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    EQ(prlimit(0, RLIMIT_NOFILE, 0, &limit), 0);
    EQ(limit.rlim_cur, 77);
    EQ(getrlimit(RLIMIT_CORE, &limit), 0);
    struct tms ticks;
    CHECK(times(&ticks) != (clock_t)-1);
    CHECK(ticks.tms_utime >= 0 && ticks.tms_utime < 100000);
    struct sysinfo info;
    EQ(sysinfo(&info), 0);
    CHECK(info.mem_unit >= 1 && (uint64_t)info.totalram * info.mem_unit > 1 << 20 && info.procs > 0);
    struct timex tx = { .modes = 0 };
    CHECK(adjtimex(&tx) >= 0);
    CHECK(tx.tick > 1000 && tx.tick < 100000);
    return guest_done();
}
