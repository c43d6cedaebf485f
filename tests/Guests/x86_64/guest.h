/* What every guest program shares: a check that reports its line, and a closing line.
 * Output must be the same in every run, so nothing prints addresses, times or process ids. */
#ifndef GUEST_H
#define GUEST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

static volatile int guest_failures;

/* Reports a failed expectation; write() rather than stdio, so that it works in signal handlers and forked children. */
static inline void guest_check(int ok, const char *what, int line)
{
    if (ok)
        return;
    char text[256];
    int n = snprintf(text, sizeof text, "FAIL line %d: %s (errno %d)\n", line, what, errno);
    fflush(stdout);
    if (write(1, text, n) < 0)
        _exit(99);
    guest_failures++;
}

#define CHECK(c) guest_check((c) != 0, #c, __LINE__)

/* Two integers that must be equal; shows both. */
static inline void guest_check_equal(uint64_t got, uint64_t want, const char *what, int line)
{
    if (got == want)
        return;
    char text[256];
    snprintf(text, sizeof text, "%s: got %#llx, want %#llx", what, (unsigned long long)got, (unsigned long long)want);
    guest_check(0, text, line);
}

#define EQ(got, want) guest_check_equal((uint64_t)(got), (uint64_t)(want), #got, __LINE__)

/* A call that must fail with the given errno. */
#define FAILS(call, error) do { errno = 0; long r_ = (long)(call); int e_ = errno; \
    if (r_ != -1 || e_ != (error)) { errno = e_; guest_check(0, #call " fails with " #error, __LINE__); } } while (0)

static inline int guest_done(void)
{
    printf("done, %d failures\n", guest_failures);
    fflush(stdout);
    return guest_failures != 0;
}

/* Waits for a child and returns the raw wait status. */
static inline int guest_wait(pid_t pid)
{
    int status = -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) { }
    return status;
}

/* FNV-1a over bytes: digests of results too long to print. */
static inline uint64_t guest_hash(uint64_t h, const void *data, size_t n)
{
    const unsigned char *p = data;
    if (h == 0)
        h = 0xcbf29ce484222325u;
    while (n--)
        h = (h ^ *p++) * 0x100000001b3u;
    return h;
}

/* A small generator with a fixed seed. */
static inline uint64_t guest_random(uint64_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

static inline void guest_sleep_ms(long ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
    while (nanosleep(&t, &t) < 0 && errno == EINTR) { }
}

/* Installs a three-argument handler. */
static inline void guest_handle(int sig, void (*f)(int, siginfo_t *, void *), int flags)
{
    struct sigaction a;
    memset(&a, 0, sizeof a);
    a.sa_sigaction = f;
    a.sa_flags = SA_SIGINFO | flags;
    sigemptyset(&a.sa_mask);
    if (sigaction(sig, &a, NULL) != 0)
        guest_check(0, "sigaction", __LINE__);
}

/* Installs one handler for all signals that faults of instructions become, on a stack of its own: the program's may be what is broken. */
static inline void guest_handle_faults(void (*f)(int, siginfo_t *, void *))
{
    static char alternate[65536];
    stack_t alt = { .ss_sp = alternate, .ss_size = sizeof alternate };
    EQ(sigaltstack(&alt, NULL), 0);
    int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
    for (int i = 0; i < 5; i++)
        guest_handle(signals[i], f, SA_ONSTACK);
}

#endif
