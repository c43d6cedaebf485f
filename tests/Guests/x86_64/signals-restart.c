// also: i386 ppc
// cc: -O2 -pthread
// A signal during a blocking call: EINTR without SA_RESTART, restarted with it where the kernel restarts, EINTR always for the rest.
#include "guest.h"
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>

static volatile int hits;
static int pipe_fd[2], pair[2];
static volatile pid_t helper;

static void hit(int sig, siginfo_t *info, void *uc) { (void)sig; (void)info; (void)uc; hits++; }

/* After 40 ms sends SIGUSR1 to the parent; after 90 ms writes a byte, so that a restarted read ends. */
static void arm(int write_byte)
{
    fflush(stdout);
    pid_t parent = getpid();
    hits = 0;
    helper = fork();
    if (helper == 0) {
        guest_sleep_ms(40);
        kill(parent, SIGUSR1);
        guest_sleep_ms(50);
        if (write_byte && (write(pipe_fd[1], "x", 1) != 1 || write(pair[1], "y", 1) != 1))
            _exit(1);
        _exit(0);
    }
}

static void disarm(void)
{
    char c;
    EQ(guest_wait(helper), 0);
    EQ(hits, 1);
    fcntl(pipe_fd[0], F_SETFL, O_NONBLOCK);
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    while (read(pipe_fd[0], &c, 1) == 1) { }
    while (read(pair[0], &c, 1) == 1) { }
    fcntl(pipe_fd[0], F_SETFL, 0);
    fcntl(pair[0], F_SETFL, 0);
}

#define TRY(call) do { arm(1); errno = 0; long r = (long)(call); int e = errno; disarm(); \
    printf("%-32s %ld %s\n", #call, r, r < 0 ? strerror(e) : "-"); } while (0)

int main(void)
{
    char c;
    struct pollfd p;
    struct epoll_event ev;
    struct timespec half = { 0, 300000000 }, rest;
    struct timeval tv;
    fd_set fds;
    int word = 0;
    sem_t sem;

    CHECK(pipe(pipe_fd) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    sem_init(&sem, 0, 0);
    int ep = epoll_create1(0);
    ev.events = EPOLLIN;
    CHECK(epoll_ctl(ep, EPOLL_CTL_ADD, pipe_fd[0], &ev) == 0);
    for (int restart = 0; restart < 2; restart++) {
        guest_handle(SIGUSR1, hit, restart ? SA_RESTART : 0);
        printf("SA_RESTART %d\n", restart);
        TRY(read(pipe_fd[0], &c, 1));
        TRY(recv(pair[0], &c, 1, 0));
        TRY(nanosleep(&half, &rest));
        CHECK(rest.tv_nsec > 0 && rest.tv_nsec < half.tv_nsec);
        TRY(clock_nanosleep(CLOCK_MONOTONIC, 0, &half, NULL));
        p = (struct pollfd){ .fd = pipe_fd[0], .events = POLLIN };
        TRY(poll(&p, 1, 2000));
        TRY(ppoll(&p, 1, &half, NULL));
        TRY(epoll_wait(ep, &ev, 1, 2000));
        FD_ZERO(&fds);
        FD_SET(pipe_fd[0], &fds);
        tv = (struct timeval){ 2, 0 };
        TRY(select(pipe_fd[0] + 1, &fds, NULL, NULL, &tv));
        /* Restarted futex waits end by their timeout, which then has to be the remaining time. */
        half.tv_nsec = 150000000;
        TRY(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, &half, NULL, 0));
        half.tv_nsec = 300000000;
        TRY(pause());
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 150000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        TRY(sem_timedwait(&sem, &until));
    }
    return guest_done();
}
