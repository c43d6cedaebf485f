// also: i386 ppc
// cc: -O1
// Every descriptor below the limit is the guest's to have; a file of /proc can only be read, also where its text is made up.
#include "guest.h"
#include <sys/resource.h>

int main(void)
{
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max < 300 ? limit.rlim_max : 300;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK(syscall(SYS_close_range, 3, ~0u, 0) == 0);
    for (int i = 3; i < (int)limit.rlim_cur; i++)
        EQ(dup2(0, i), i);
    FAILS(dup2(0, (int)limit.rlim_cur), EBADF);
    FAILS(dup(0), EMFILE);
    for (int i = 3; i < (int)limit.rlim_cur; i++)
        EQ(close(i), 0);
    int p[2], pipes = 0;
    while (pipe(p) == 0)
        pipes++;
    EQ(errno, EMFILE);
    EQ(pipes, (limit.rlim_cur - 3) / 2);
    CHECK(syscall(SYS_close_range, 3, ~0u, 0) == 0);

    CHECK(pipe(p) == 0 && write(p[1], "x", 1) == 1);
    static const char *const names[] = { "/proc/self/maps", "/proc/self/stat", "/proc/self/cmdline", "/proc/self/auxv" };
    for (int i = 0; i < 4; i++) {
        int fd = open(names[i], O_RDONLY | (i & 1 ? O_CLOEXEC : 0));
        CHECK(fd >= 0);
        EQ(fcntl(fd, F_GETFD), i & 1 ? FD_CLOEXEC : 0);
        EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
        FAILS(write(fd, "x", 1), EBADF);
        FAILS(splice(p[0], NULL, fd, NULL, 1, 0), EBADF);
        char byte;
        EQ(read(fd, &byte, 1), 1);
        close(fd);
    }
    return guest_done();
}
