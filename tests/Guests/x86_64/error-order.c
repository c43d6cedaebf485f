// also: i386 ppc
// cc: -O1
// Calls with more than one thing wrong: which error the kernel finds first. Times before masks, descriptors before what is pointed to, room for the answer before the socket.
#include "guest.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#ifdef SYS__newselect
#define SELECT SYS__newselect
#else
#define SELECT SYS_select
#endif
#define BAD ((void *)16)
#define CALL(...) (errno = 0, syscall(__VA_ARGS__), errno)

int main(void)
{
    int file = open("/dev/zero", O_RDONLY), pair[2];
    struct pollfd one = { .fd = file, .events = POLLIN };
    struct epoll_event event;
    struct timespec short_time = { 0, 1000 };
    long wrong_time[2] = { 0, 2000000000 }, mask[2] = { 0, 0 };
    struct { void *mask; unsigned long size; } pack = { mask, 3 };
    printf("ppoll: bad time, wrong size %d\n", CALL(SYS_ppoll, &one, 1, BAD, mask, 3));
    printf("ppoll: wrong time, bad mask %d\n", CALL(SYS_ppoll, &one, 1, wrong_time, BAD, 8));
    printf("ppoll: wrong size %d\n", CALL(SYS_ppoll, &one, 1, &short_time, mask, 3));
    printf("pselect: wrong size %d\n", CALL(SYS_pselect6, 0, NULL, NULL, NULL, &short_time, &pack));
    printf("pselect: negative, bad time %d\n", CALL(SYS_pselect6, -1, NULL, NULL, NULL, BAD, NULL));
    printf("epoll_pwait2: bad time, wrong size %d\n", CALL(SYS_epoll_pwait2, epoll_create1(0), &event, 1, BAD, mask, 3));
    printf("select: negative, bad time %d\n", CALL(SELECT, -1, NULL, NULL, NULL, BAD));
    for (int i = 0; i < 2; i++) {
        int fd = i ? file : 1000;
        printf("%s: sendmsg %d recvmsg %d sendmmsg %d %d recvmmsg %d %d\n", i ? "a file" : "closed", CALL(SYS_sendmsg, fd, BAD, 0), CALL(SYS_recvmsg, fd, BAD, 0),
            CALL(SYS_sendmmsg, fd, BAD, 1, 0), CALL(SYS_sendmmsg, fd, BAD, 0, 0), CALL(SYS_recvmmsg, fd, BAD, 1, 0, NULL), CALL(SYS_recvmmsg, fd, BAD, 0, 0, NULL));
        printf("getsockopt %d setsockopt %d %d\n", CALL(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, BAD, BAD), CALL(SYS_setsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, BAD, 16),
            CALL(SYS_setsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, mask, 1));
    }
    printf("ioctl: closed %d\n", ioctl(1000, 0x1234, BAD) == -1 ? errno : 0);
    printf("socketpair: bad room, no such family %d\n", CALL(SYS_socketpair, 97, SOCK_STREAM, 0, BAD));
    printf("socketpair: bad room, wrong flags %d\n", CALL(SYS_socketpair, AF_UNIX, SOCK_STREAM | 0x100, 0, BAD));
    printf("socketpair: no such family %d\n", CALL(SYS_socketpair, 97, SOCK_STREAM, 0, pair));
    return guest_done();
}
