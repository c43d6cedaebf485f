// also: i386 ppc
// cc: -O2
// waitpid, fcntl locks, writes to a full pipe and opens of a fifo, interrupted and restarted.
#include "guest.h"
#include <sys/stat.h>

static volatile int hits;
static void hit(int sig, siginfo_t *info, void *uc) { (void)sig; (void)info; (void)uc; hits++; }

static pid_t poker(int ms)
{
    fflush(stdout);
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        guest_sleep_ms(ms);
        kill(parent, SIGUSR1);
        guest_sleep_ms(60);
        _exit(9);
    }
    return pid;
}

int main(void)
{
    int p[2], status;
    CHECK(pipe(p) == 0);
    for (int restart = 0; restart < 2; restart++) {
        guest_handle(SIGUSR1, hit, restart ? SA_RESTART : 0);
        hits = 0;
        pid_t pid = poker(30);
        errno = 0;
        pid_t r = waitpid(pid, &status, 0);
        printf("waitpid %d %s\n", r == pid, r == pid ? "-" : strerror(errno));
        if (r != pid)
            status = guest_wait(pid);
        EQ(WEXITSTATUS(status), 9);
        EQ(hits, 1);

        fcntl(p[1], F_SETFL, O_NONBLOCK);
        char block[4096];
        memset(block, 0, sizeof block);
        while (write(p[1], block, sizeof block) > 0) { }
        fcntl(p[1], F_SETFL, 0);
        pid = poker(30);
        pid_t reader = 0;
        if (restart) {
            reader = fork();
            if (reader == 0) {
                guest_sleep_ms(60);
                for (int i = 0; i < 4; i++)
                    if (read(p[0], block, sizeof block) < 0)
                        _exit(1);
                _exit(0);
            }
        }
        errno = 0;
        long n = write(p[1], block, sizeof block);
        printf("write %ld %s\n", n, n < 0 ? strerror(errno) : "-");
        guest_wait(pid);
        if (reader)
            EQ(guest_wait(reader), 0);

        char name[] = "fifo";
        unlink(name);
        CHECK(mkfifo(name, 0600) == 0);
        pid = poker(30);
        pid_t opener = 0;
        if (restart) {
            opener = fork();
            if (opener == 0) {
                guest_sleep_ms(60);
                close(open(name, O_WRONLY));
                _exit(0);
            }
        }
        errno = 0;
        int fd = open(name, O_RDONLY);
        printf("open %d %s\n", fd >= 0, fd < 0 ? strerror(errno) : "-");
        close(fd);
        guest_wait(pid);
        if (opener)
            EQ(guest_wait(opener), 0);
        unlink(name);
    }
    return guest_done();
}
