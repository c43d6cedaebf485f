// cc: -O1
// Bad pointers handed to system calls give EFAULT, never a crash: reading and writing arguments, strings, vectors, structures, at unmapped and at half-mapped places.
#include "guest.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/utsname.h>

int main(void)
{
    char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *edge = page + 4096, *ro = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(edge, 4096, PROT_NONE);
    void *bad[] = { (void *)16, edge, (void *)0xffffffff81000000, (void *)0x8000000000000000, (void *)-1 };
    int p[2], s[2];
    CHECK(pipe(p) == 0 && write(p[1], "0123456789", 10) == 10 && socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0);
    int zero = open("/dev/zero", O_RDONLY);
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        void *b = bad[i];
        FAILS(syscall(SYS_read, zero, b, 10), EFAULT);
        FAILS(syscall(SYS_write, p[1], b, 10), EFAULT);
        FAILS(syscall(SYS_open, b, O_RDONLY), EFAULT);
        FAILS(syscall(SYS_openat, AT_FDCWD, b, O_RDONLY), EFAULT);
        FAILS(syscall(SYS_stat, "/", b), EFAULT);
        FAILS(syscall(SYS_stat, b, page), EFAULT);
        FAILS(syscall(SYS_fstat, 0, b), EFAULT);
        FAILS(syscall(SYS_newfstatat, AT_FDCWD, b, page, 0), EFAULT);
        FAILS(syscall(SYS_statx, AT_FDCWD, "/", 0, 0xfff, b), EFAULT);
        FAILS(syscall(SYS_statfs, "/", b), EFAULT);
        FAILS(syscall(SYS_access, b, R_OK), EFAULT);
        FAILS(syscall(SYS_readlink, b, page, 100), EFAULT);
        FAILS(syscall(SYS_readlink, "/proc/self/exe", b, 100), EFAULT);
        FAILS(syscall(SYS_readlink, "/proc/self/cwd", b, 100), EFAULT);
        FAILS(syscall(SYS_getcwd, b, 100), EFAULT);
        FAILS(syscall(SYS_chdir, b), EFAULT);
        FAILS(syscall(SYS_mkdir, b, 0700), EFAULT);
        FAILS(syscall(SYS_unlink, b), EFAULT);
        FAILS(syscall(SYS_rename, b, "x"), EFAULT);
        FAILS(syscall(SYS_pipe2, b, 0), EFAULT);
        FAILS(syscall(SYS_poll, b, 1, 0), EFAULT);
        FAILS(syscall(SYS_ppoll, page, 0, b, NULL, 8), EFAULT);
        FAILS(syscall(SYS_select, 1, b, NULL, NULL, NULL), EFAULT);
        FAILS(syscall(SYS_readv, zero, b, 1), EFAULT);
        FAILS(syscall(SYS_writev, p[1], b, 1), EFAULT);
        struct iovec v = { b, 5 };
        FAILS(syscall(SYS_readv, zero, &v, 1), EFAULT);
        FAILS(syscall(SYS_writev, p[1], &v, 1), EFAULT);
        FAILS(syscall(SYS_nanosleep, b, NULL), EFAULT);
        FAILS(syscall(SYS_clock_gettime, 1, b), EFAULT);
        FAILS(syscall(SYS_gettimeofday, b, NULL), EFAULT);
        FAILS(syscall(SYS_times, b), EFAULT);
        FAILS(syscall(SYS_uname, b), EFAULT);
        FAILS(syscall(SYS_sysinfo, b), EFAULT);
        FAILS(syscall(SYS_getrusage, 0, b), EFAULT);
        FAILS(syscall(SYS_getrlimit, RLIMIT_NOFILE, b), EFAULT);
        FAILS(syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, b), EFAULT);
        FAILS(syscall(SYS_sigaltstack, b, NULL), EFAULT);
        FAILS(syscall(SYS_rt_sigaction, SIGUSR1, b, NULL, 8), EFAULT);
        FAILS(syscall(SYS_rt_sigaction, SIGUSR1, NULL, b, 8), EFAULT);
        FAILS(syscall(SYS_rt_sigprocmask, 0, b, NULL, 8), EFAULT);
        FAILS(syscall(SYS_rt_sigprocmask, 0, NULL, b, 8), EFAULT);
        FAILS(syscall(SYS_rt_sigsuspend, b, 8), EFAULT);
        FAILS(syscall(SYS_rt_sigtimedwait, b, NULL, NULL, 8), EFAULT);
        FAILS(syscall(SYS_rt_sigpending, b, 8), EFAULT);
        FAILS(syscall(SYS_setitimer, ITIMER_REAL, b, NULL), EFAULT);
        FAILS(syscall(SYS_getitimer, ITIMER_REAL, b), EFAULT);
        FAILS(syscall(SYS_timer_create, CLOCK_REALTIME, b, page), EFAULT);
        if ((uintptr_t)b % 4 == 0)
            FAILS(syscall(SYS_futex, b, 0, 0, NULL, NULL, 0), EFAULT);
        FAILS(syscall(SYS_execve, b, NULL, NULL), EFAULT);
        FAILS(syscall(SYS_execve, "/bin/true", b, NULL), EFAULT);
        FAILS(syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, b), EFAULT);
        FAILS(syscall(SYS_sendto, s[0], b, 5, 0, NULL, 0), EFAULT);
        FAILS(syscall(SYS_sendmsg, s[0], b, 0), EFAULT);
        FAILS(syscall(SYS_recvmsg, s[0], b, MSG_DONTWAIT), EFAULT);
        *(int *)page = 16;
        FAILS(syscall(SYS_getsockname, s[0], b, page), EFAULT);
        FAILS(syscall(SYS_epoll_ctl, epoll_create1(0), EPOLL_CTL_ADD, p[0], b), EFAULT);
        FAILS(syscall(SYS_getdents64, open("/", O_RDONLY | O_DIRECTORY), b, 1000), EFAULT);
        FAILS(syscall(SYS_getrandom, b, 10, 0), EFAULT);
        FAILS(syscall(SYS_sched_getaffinity, 0, 128, b), EFAULT);
        FAILS(syscall(SYS_fcntl, p[0], F_GETLK, b), EFAULT);
        FAILS(syscall(SYS_ioctl, p[0], 0x541b, b), EFAULT);
        FAILS(syscall(SYS_arch_prctl, 0x1003, b), EFAULT);
        FAILS(syscall(SYS_set_robust_list, b, 3), EINVAL);
        FAILS(syscall(SYS_memfd_create, b, 0), EFAULT);
        FAILS(syscall(SYS_clone3, b, 88), EFAULT);
    }
    /* Strings and structures that run into the bad page; a partial read and write. */
    memset(edge - 5, 'x', 5);
    FAILS(syscall(SYS_open, edge - 5, O_RDONLY), EFAULT);
    FAILS(syscall(SYS_stat, "/", edge - 8), EFAULT);
    FAILS(syscall(SYS_uname, edge - 8), EFAULT);
    FAILS(syscall(SYS_pipe2, edge - 4, 0), EFAULT);
    EQ(syscall(SYS_read, zero, edge - 4, 8), 4);
    long n = syscall(SYS_write, open("/dev/null", O_WRONLY), edge - 4, 8);
    CHECK(n == 8 || n == 4 || n == -1);
    FAILS(syscall(SYS_read, zero, ro, 10), EFAULT);
    FAILS(syscall(SYS_clock_gettime, 1, ro), EFAULT);
    FAILS(syscall(SYS_stat, "/", ro), EFAULT);
    int status = 0;
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    FAILS(syscall(SYS_wait4, pid, edge, 0, NULL), EFAULT);
    waitpid(pid, &status, 0);
    FAILS(syscall(SYS_read, 999, page, 1), EBADF);
    FAILS(syscall(SYS_close, 999), EBADF);
    FAILS(syscall(9999), ENOSYS);
    FAILS(syscall(-1L), ENOSYS);
    FAILS(syscall(0x40000000 + 39), ENOSYS);
    return guest_done();
}
