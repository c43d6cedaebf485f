// also: i386
// cc: -O2
// Clocks: monotonic through libc (the vDSO) and by system call, agreeing with each other; time, gettimeofday, getcpu, clock_getres.
#include "guest.h"
#include <elf.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/time.h>

static int64_t ns(struct timespec t) { return t.tv_sec * 1000000000ll + t.tv_nsec; }

int main(void)
{
    static const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME, CLOCK_MONOTONIC_COARSE };
    for (unsigned c = 0; c < sizeof clocks / sizeof *clocks; c++) {
        struct timespec a, b, last = { 0, 0 };
        int backwards = 0, apart = 0;
        for (int i = 0; i < 20000; i++) {
            CHECK(clock_gettime(clocks[c], &a) == 0);
            if (i % 100 == 0) {
                syscall(SYS_clock_gettime, clocks[c], &b);
                if (ns(b) < ns(a) || ns(b) - ns(a) > 10000000000)
                    apart++;
                a = b;
            }
            if (ns(a) < ns(last) && clocks[c] != CLOCK_REALTIME)
                backwards++;
            last = a;
        }
        EQ(backwards, 0);
        EQ(apart, 0);
    }
    struct timeval tv;
    CHECK(gettimeofday(&tv, NULL) == 0);
    time_t t = time(NULL);
    // time() reads the clock of the last tick: it may still be in the second before.
    CHECK(t - tv.tv_sec >= -1 && t - tv.tv_sec <= 10);
    struct timespec r;
    CHECK(clock_getres(CLOCK_MONOTONIC, &r) == 0 && r.tv_sec == 0 && r.tv_nsec > 0);
    FAILS(clock_gettime(12345, &r), EINVAL);
    FAILS(syscall(SYS_clock_gettime, CLOCK_REALTIME, (void *)16), EFAULT);
    unsigned cpu, node;
    CHECK(getcpu(&cpu, &node) == 0);
    Elf64_Ehdr *v = (void *)getauxval(AT_SYSINFO_EHDR);
    printf("vdso %d\n", v && memcmp(v->e_ident, ELFMAG, SELFMAG) == 0);
    clock_t c = clock();
    while (clock() == c) { }
    struct timespec cpu_time;
    CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu_time) == 0 && ns(cpu_time) > 0);
    uint64_t t1 = __builtin_ia32_rdtsc(), t2 = __builtin_ia32_rdtsc();
    unsigned aux;
    uint64_t t3 = __builtin_ia32_rdtscp(&aux);
    CHECK(t2 >= t1 && t3 >= t2);
    return guest_done();
}
