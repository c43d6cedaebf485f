// also: i386 ppc
// cc: -O1
// Files through the plain system calls: open modes, seeking, vectors, directories, links, truncation, locks, sendfile, splice, timestamps, inotify, eventfd, sockets, epoll.
#include "guest.h"
#include <dirent.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>

int main(void)
{
    char buffer[256];
    umask(022);
    CHECK(mkdir("dir", 0755) == 0);
    FAILS(mkdir("dir", 0755), EEXIST);
    int fd = open("dir/file", O_RDWR | O_CREAT | O_EXCL, 0644);
    FAILS(open("dir/file", O_RDWR | O_CREAT | O_EXCL, 0644), EEXIST);
    struct iovec v[3] = { { "one ", 4 }, { "two ", 4 }, { "three", 5 } };
    EQ(writev(fd, v, 3), 13);
    EQ(lseek(fd, -5, SEEK_END), 8);
    EQ(read(fd, buffer, 100), 5);
    EQ(pwrite(fd, "TWO", 3, 4), 3);
    EQ(pread(fd, buffer, 13, 0), 13);
    printf("%.13s\n", buffer);
    EQ(lseek(fd, 100000, SEEK_SET), 100000);
    EQ(write(fd, "end", 3), 3);
    struct stat st;
    CHECK(fstat(fd, &st) == 0 && st.st_size == 100003 && st.st_nlink == 1 && S_ISREG(st.st_mode) && (st.st_mode & 0777) == 0644);
    CHECK(link("dir/file", "dir/second") == 0 && symlink("file", "dir/soft") == 0);
    CHECK(stat("dir/soft", &st) == 0 && st.st_nlink == 2 && lstat("dir/soft", &st) == 0 && S_ISLNK(st.st_mode));
    EQ(readlink("dir/soft", buffer, sizeof buffer), 4);
    struct timespec times[2] = { { 1000000000, 5 }, { 1111111111, 7 } };
    CHECK(futimens(fd, times) == 0 && fstat(fd, &st) == 0 && st.st_mtim.tv_sec == 1111111111 && st.st_mtim.tv_nsec == 7);
    CHECK(fchmod(fd, 0600) == 0 && ftruncate(fd, 8) == 0 && fallocate(fd, 0, 0, 5000) == 0);
    CHECK(rename("dir/second", "dir/third") == 0);
    FAILS(rename("dir/second", "x"), ENOENT);
    FAILS(rmdir("dir"), ENOTEMPTY);
    FAILS(unlink("dir"), EISDIR);
    FAILS(open("dir/file/x", O_RDONLY), ENOTDIR);
    FAILS(open("dir", O_WRONLY), EISDIR);
    FAILS(lseek(fd, -1, SEEK_SET), EINVAL);

    DIR *d = opendir("dir");
    int entries = 0, names = 0;
    for (struct dirent *e; (e = readdir(d));) {
        entries++;
        for (char *p = e->d_name; *p; p++)
            names += *p;
    }
    closedir(d);
    printf("entries %d %d\n", entries, names);

    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 10 };
    CHECK(fcntl(fd, F_SETLK, &lock) == 0);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        int other = open("dir/file", O_RDWR);
        _exit(fcntl(other, F_SETLK, &lock) == -1 && errno == EAGAIN && flock(other, LOCK_SH | LOCK_NB) == 0 ? 4 : 5);
    }
    EQ(guest_wait(pid), 4 << 8);

    int out = open("copy", O_RDWR | O_CREAT, 0600), p[2];
    off_t from = 0;
    EQ(sendfile(out, fd, &from, 5000), 5000);
    EQ(lseek(out, 0, SEEK_CUR), 5000);
    CHECK(pipe2(p, O_NONBLOCK | O_CLOEXEC) == 0);
    loff_t at = 0;
    EQ(splice(out, &at, p[1], NULL, 8, 0), 8);
    EQ(read(p[0], buffer, 100), 8);
    FAILS(read(p[0], buffer, 1), EAGAIN);
    EQ(copy_file_range(out, &at, out, &(loff_t){ 6000 }, 100, 0), 100);
    int dup = fcntl(out, F_DUPFD_CLOEXEC, 50);
    CHECK(dup >= 50 && (fcntl(dup, F_GETFD) & FD_CLOEXEC) && (fcntl(dup, F_GETFL) & O_ACCMODE) == O_RDWR);
    close(dup);

    int ev = eventfd(3, EFD_NONBLOCK), ep = epoll_create1(EPOLL_CLOEXEC), in = inotify_init1(IN_NONBLOCK);
    uint64_t n = 4;
    EQ(write(ev, &n, 8), 8);
    struct epoll_event e = { .events = EPOLLIN | EPOLLET, .data.u64 = 0x1234567890abcdef };
    CHECK(epoll_ctl(ep, EPOLL_CTL_ADD, ev, &e) == 0);
    FAILS(epoll_ctl(ep, EPOLL_CTL_ADD, ev, &e), EEXIST);
    memset(&e, 0, sizeof e);
    EQ(epoll_wait(ep, &e, 1, 1000), 1);
    EQ(e.data.u64, 0x1234567890abcdef);
    EQ(read(ev, &n, 8), 8);
    EQ(n, 7);
    CHECK(inotify_add_watch(in, "dir", IN_CREATE | IN_DELETE) >= 0);
    close(open("dir/new", O_CREAT | O_WRONLY, 0600));
    unlink("dir/new");
    struct { struct inotify_event e; char name[240]; } ie;
    CHECK(read(in, &ie, sizeof ie) > 0 && (ie.e.mask & IN_CREATE) && strcmp(ie.e.name, "new") == 0);

    int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };
    CHECK(bind(server, (void *)&address, sizeof address) == 0 && listen(server, 5) == 0);
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        int c = socket(AF_UNIX, SOCK_STREAM, 0);
        if (connect(c, (void *)&address, sizeof address) != 0)
            _exit(1);
        char control[CMSG_SPACE(sizeof(int))] = { 0 };
        struct iovec io = { "fd", 2 };
        struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
        struct cmsghdr *h = CMSG_FIRSTHDR(&m);
        h->cmsg_level = SOL_SOCKET;
        h->cmsg_type = SCM_RIGHTS;
        h->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(h), &out, sizeof(int));
        _exit(sendmsg(c, &m, 0) != 2);
    }
    int c = accept4(server, NULL, NULL, SOCK_CLOEXEC), received = -1;
    char control[CMSG_SPACE(sizeof(int))];
    struct iovec io = { buffer, 10 };
    struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
    EQ(recvmsg(c, &m, 0), 2);
    memcpy(&received, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof(int));
    CHECK(fstat(received, &st) == 0 && st.st_size == 6100);
    EQ(guest_wait(pid), 0);
    int value = 0;
    socklen_t length = sizeof value;
    CHECK(getsockopt(c, SOL_SOCKET, SO_TYPE, &value, &length) == 0 && value == SOCK_STREAM);

    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = 64;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    int last = 0;
    while (last < 100 && open("/dev/null", O_RDONLY) >= 0)
        last++;
    EQ(errno, EMFILE);
    struct utsname u;
    CHECK(uname(&u) == 0 && (sizeof(void *) == 4 || strcmp(u.machine, "x86_64") == 0) && strcmp(u.sysname, "Linux") == 0);
    CHECK(chdir("dir") == 0 && getcwd(buffer, sizeof buffer) && strcmp(strrchr(buffer, '/'), "/dir") == 0);
    unlink("file");
    unlink("soft");
    unlink("third");
    CHECK(chdir("..") == 0 && rmdir("dir") == 0);
    unlink("copy");
    unlink("socket");
    return guest_done();
}
