// cc: -O1
// also: i386 ppc
// A wait for a relative time that something without a handler cuts short - a tracer, a stop, a signal nobody handles - goes on with the time that is left, or ends with
// EINTR where the kernel says so (signal(7)). It used to begin anew, with its whole time.
#include "guest.h"
#include <linux/futex.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/ptrace.h>
#include <sys/select.h>
#include <sys/sem.h>

#define WHOLE 1500 /* milliseconds */
#define BEFORE 1100

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static struct timespec whole = {WHOLE / 1000, WHOLE % 1000 * 1000000};
static struct timeval whole_tv = {WHOLE / 1000, WHOLE % 1000 * 1000};
static int futex_word;

static int wait_nanosleep(void) { return nanosleep(&whole, NULL); }
static int wait_clock(void) { return errno = clock_nanosleep(CLOCK_MONOTONIC, 0, &whole, NULL), errno ? -1 : 0; }
static int wait_poll(void) { return poll(NULL, 0, WHOLE); }
static int wait_ppoll(void) { return ppoll(NULL, 0, &whole, NULL); }
static int wait_select(void) { return select(0, NULL, NULL, NULL, &whole_tv); }
static int wait_pselect(void) { return pselect(0, NULL, NULL, NULL, &whole, NULL); }
static int wait_futex(void)
{
#if __SIZEOF_LONG__ == 8
    return syscall(SYS_futex, &futex_word, FUTEX_WAIT, 0, &whole, NULL, 0);
#else
    long long time[2] = {whole.tv_sec, whole.tv_nsec};
    return syscall(422, &futex_word, FUTEX_WAIT, 0, time, NULL, 0);
#endif
}
static int wait_epoll(void)
{
    struct epoll_event e;
    return epoll_wait(epoll_create1(0), &e, 1, WHOLE);
}
static int wait_signal(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return sigtimedwait(&set, NULL, &whole);
}
static int wait_semaphore(void)
{
    int id = semget(IPC_PRIVATE, 1, 0600);
    struct sembuf down = {0, -1, 0};
    int r = semtimedop(id, &down, 1, &whole), e = errno;
    semctl(id, 0, IPC_RMID);
    errno = e;
    return r;
}

static const struct { const char *name; int (*wait)(void); } calls[] = {
    {"nanosleep", wait_nanosleep}, {"clock_nanosleep", wait_clock}, {"poll", wait_poll}, {"ppoll", wait_ppoll}, {"select", wait_select},
    {"pselect", wait_pselect}, {"futex", wait_futex}, {"epoll_wait", wait_epoll}, {"sigtimedwait", wait_signal}, {"semtimedop", wait_semaphore},
};
#define CALLS (int)(sizeof calls / sizeof *calls)
enum { TRACED, STOPPED, IGNORED, LEFT_ALONE, WAYS };
static const char *const ways[] = {"interrupted by its tracer", "stopped and continued", "sent an ignored signal under a tracer", "sent an ignored signal"};

struct result { int value, error; double end; };

static void pass_stops(pid_t pid, int count)
{
    int status;
    for (int i = 0; i < count; i++) {
        CHECK(waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status));
        int signal = status >> 16 == PTRACE_EVENT_STOP || WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
        CHECK(ptrace(PTRACE_CONT, pid, 0, signal) == 0);
    }
}

int main(void)
{
    static struct { pid_t pid; int out; double cut; } jobs[WAYS][CALLS];
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int w = 0; w < WAYS; w++)
        for (int c = 0; c < CALLS; c++) {
            int p[2];
            CHECK(pipe(p) == 0);
            pid_t pid = fork();
            if (pid == 0) {
                struct result r;
                signal(SIGUSR1, SIG_IGN);
                if (write(p[1], "x", 1) != 1)
                    _exit(1);
                errno = 0;
                r.value = calls[c].wait();
                r.error = r.value < 0 ? errno : 0;
                r.end = now();
                if (write(p[1], &r, sizeof r) != sizeof r)
                    _exit(1);
                _exit(0);
            }
            char ready;
            CHECK(read(p[0], &ready, 1) == 1);
            jobs[w][c].pid = pid;
            jobs[w][c].out = p[0];
            if (w == TRACED || w == IGNORED)
                CHECK(ptrace(PTRACE_SEIZE, pid, 0, 0) == 0);
        }
    usleep(BEFORE * 1000);
    for (int w = 0; w < WAYS; w++)
        for (int c = 0; c < CALLS; c++) {
            pid_t pid = jobs[w][c].pid;
            if (w == TRACED) {
                CHECK(ptrace(PTRACE_INTERRUPT, pid, 0, 0) == 0);
                jobs[w][c].cut = now();
                pass_stops(pid, 1);
            } else if (w == STOPPED) {
                kill(pid, SIGSTOP);
                CHECK(waitpid(pid, NULL, WUNTRACED) == pid);
                jobs[w][c].cut = now();
                kill(pid, SIGCONT);
            } else {
                kill(pid, SIGUSR1);
                jobs[w][c].cut = now();
                if (w == IGNORED)
                    pass_stops(pid, 1);
            }
        }
    for (int w = 0; w < WAYS; w++)
        for (int c = 0; c < CALLS; c++) {
            struct result r = {0};
            CHECK(read(jobs[w][c].out, &r, sizeof r) == sizeof r);
            /* Begun anew it would end a whole time after it was cut. */
            const char *lasted = r.end - jobs[w][c].cut < WHOLE - 200 ? "in time" : "LATE";
            printf("%s %s: %d %s %s\n", calls[c].name, ways[w], r.value, strerror(r.error), lasted);
            if (*lasted == 'L')
                fprintf(stderr, "%s %s: %.0f ms after the cut\n", calls[c].name, ways[w], r.end - jobs[w][c].cut);
            waitpid(jobs[w][c].pid, NULL, __WALL);
        }
    return guest_done();
}
