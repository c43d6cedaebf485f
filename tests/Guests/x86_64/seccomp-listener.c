// also: i386 ppc
// cc: -O1 -pthread
// SECCOMP_RET_USER_NOTIF: another process answers calls - with a value, an error, a descriptor put into the caller, or by letting them be made - also in a forked child, a
// thread and an executed program; what ends when the listener goes; and PTRACE_SECCOMP_GET_FILTER.
#include "guest.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>

#if defined __x86_64__
#define ARCH AUDIT_ARCH_X86_64
#elif defined __i386__
#define ARCH AUDIT_ARCH_I386
#else
#define ARCH AUDIT_ARCH_PPC
#endif
#ifndef PTRACE_SECCOMP_GET_FILTER
#define PTRACE_SECCOMP_GET_FILTER 0x420c
#endif
#define ASKED SYS_sethostname
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)

static const struct sock_filter program[] = {
    LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ASKED, 0, 1), RETURN(SECCOMP_RET_USER_NOTIF), RETURN(SECCOMP_RET_ALLOW) };

static int listen_for(const struct sock_filter *f, int n, unsigned flags)
{
    struct sock_fprog p = { n, (struct sock_filter *)f };
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &p);
}

static long ask(long what) { return syscall(ASKED, what, what * 2, 3L, 4L, 5L, 6L); }
static void *asks(void *p) { CHECK(ask(4) == 104); return p; }

static void send_descriptor(int socket, int fd)
{
    char byte = 'f', room[CMSG_SPACE(sizeof fd)] = { 0 };
    struct iovec v = { &byte, 1 };
    struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room };
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET, c->cmsg_type = SCM_RIGHTS, c->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    CHECK(sendmsg(socket, &m, 0) == 1);
}

static int receive_descriptor(int socket)
{
    char byte, room[CMSG_SPACE(sizeof(int))];
    struct iovec v = { &byte, 1 };
    struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room };
    int fd = -1;
    CHECK(recvmsg(socket, &m, 0) == 1 && CMSG_FIRSTHDR(&m));
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
    return fd;
}

static int child(int socket)
{
    pthread_t t;
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    FAILS(listen_for(program, 4, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_TSYNC), EINVAL);
    int fd = listen_for(program, 4, SECCOMP_FILTER_FLAG_NEW_LISTENER);
    CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
    FAILS(listen_for(program, 4, SECCOMP_FILTER_FLAG_NEW_LISTENER), EBUSY);
    send_descriptor(socket, fd);
    close(fd);
    EQ(ask(1), 101);
    FAILS(ask(2), EXDEV);
    long put = ask(3); /* the number of the descriptor that was put here */
    CHECK(put > 2 && write(put, "through", 7) == 7);
    pthread_create(&t, NULL, asks, NULL);
    pthread_join(t, NULL);
    pid_t pid = fork();
    if (pid == 0)
        _exit(ask(5) == 105 ? 0 : 1);
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    FAILS(ask(6), EFAULT); /* made as it is */
    execl("/proc/self/exe", "seccomp-listener", "again", NULL);
    return 1;
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        EQ(ask(7), 107);
        FAILS(ask(8), ENOSYS); /* nobody listens any more */
        return guest_failures;
    }
    unsigned short sizes[3];
    unsigned action = SECCOMP_RET_USER_NOTIF;
    CHECK(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0);
    CHECK(syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, sizes) == 0 && sizes[0] == sizeof(struct seccomp_notif) && sizes[1] == sizeof(struct seccomp_notif_resp));
    int pair[2], through[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && pipe(through) == 0);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        _exit(child(pair[1]));
    int fd = receive_descriptor(pair[0]);
    for (int i = 1; i <= 7; i++) {
        struct seccomp_notif n;
        struct seccomp_notif_resp r;
        struct pollfd p = { fd, POLLIN, 0 };
        CHECK(poll(&p, 1, 20000) == 1);
        memset(&n, 1, sizeof n);
        FAILS(ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &n), EINVAL);
        memset(&n, 0, sizeof n);
        CHECK(ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &n) == 0);
        EQ(n.data.nr, ASKED);
        EQ(n.data.arch, ARCH);
        printf("asked %lld %lld %lld %lld by %s\n", (long long)n.data.args[0], (long long)n.data.args[1], (long long)n.data.args[2], (long long)n.data.args[5],
            (pid_t)n.pid == pid ? "the child" : "another");
        CHECK(ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &n.id) == 0);
        memset(&r, 0, sizeof r);
        r.id = n.id;
        r.val = 100 + i;
        if (i == 2)
            r.val = 0, r.error = -EXDEV;
        if (i == 3) {
            struct seccomp_notif_addfd add = { .id = n.id, .srcfd = through[1] };
            r.val = ioctl(fd, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
            CHECK(r.val > 2);
        }
        if (i == 6) {
            r.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
            FAILS(ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &r), EINVAL); /* with a value as well */
            r.val = 0;
        }
        CHECK(ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &r) == 0);
        if (i == 3) {
            char text[8] = "";
            CHECK(read(through[0], text, 7) == 7 && strcmp(text, "through") == 0);
        }
        if (i == 7)
            close(fd);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    EQ(WEXITSTATUS(status), 0);

    /* The filters of a child, for who may administrate. */
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        listen_for(program + 3, 1, 0);
        listen_for(program, 4, 0);
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
    struct sock_filter got[8];
    errno = 0;
    long n = ptrace(PTRACE_SECCOMP_GET_FILTER, pid, (void *)1, got);
    if (geteuid() == 0) {
        CHECK(n == 4 && memcmp(got, program, sizeof program) == 0);
        CHECK(ptrace(PTRACE_SECCOMP_GET_FILTER, pid, (void *)0, NULL) == 1);
        FAILS(ptrace(PTRACE_SECCOMP_GET_FILTER, pid, (void *)2, NULL), ENOENT);
    } else {
        CHECK(n == -1 && errno == EACCES);
    }
    ptrace(PTRACE_CONT, pid, 0, 0);
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    return guest_done();
}
