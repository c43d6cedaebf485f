// also: i386 ppc
// cc: -O1
// Calls with more than one thing wrong: which error the kernel finds first. Times before masks, descriptors before what is pointed to, room for the answer before the socket.
#include "guest.h"
#include <linux/aio_abi.h>
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
    struct { void *mask; unsigned long size; } unreadable = { BAD, 8 };
    struct timespec other_time = { 0, 1000 };
    printf("pselect: bad time, wrong size %d, bad pack %d\n", CALL(SYS_pselect6, -1, NULL, NULL, NULL, BAD, &pack), CALL(SYS_pselect6, -1, NULL, NULL, NULL, wrong_time, BAD));
    printf("pselect: wrong time, bad mask %d, bad sets %d\n", CALL(SYS_pselect6, -1, NULL, NULL, NULL, wrong_time, &unreadable), CALL(SYS_pselect6, 5, BAD, NULL, NULL, wrong_time, NULL));
    printf("pselect: negative, bad mask %d\n", CALL(SYS_pselect6, -1, NULL, NULL, NULL, &other_time, &unreadable));
#ifdef SYS_pselect6_time64
    long long wrong_time64[2] = { 0, 2000000000 };
    int with_64[] = { CALL(SYS_pselect6_time64, -1, NULL, NULL, NULL, BAD, &pack), CALL(SYS_pselect6_time64, -1, NULL, NULL, NULL, wrong_time64, &unreadable) };
    EQ(with_64[0], EFAULT);
    EQ(with_64[1], EINVAL);
#endif
    aio_context_t context = 0;
    struct io_event events[2];
    struct iocb block = { .aio_fildes = 1000, .aio_lio_opcode = IOCB_CMD_PREADV, .aio_buf = 16, .aio_nbytes = 1 }, *blocks[3] = { BAD, &block, BAD };
    EQ(CALL(SYS_io_setup, 4, &context), 0);
    printf("io_getevents: negative, bad time %d, no context %d\n", CALL(SYS_io_getevents, context, 1, -1, events, BAD), CALL(SYS_io_getevents, 0, 1, -1, events, BAD));
    printf("io_pgetevents: negative, bad time %d, bad pack %d, bad mask %d\n", CALL(SYS_io_pgetevents, context, 1, -1, events, BAD, BAD),
        CALL(SYS_io_pgetevents, context, 1, -1, events, NULL, BAD), CALL(SYS_io_pgetevents, context, 1, -1, events, NULL, &unreadable));
    printf("io_submit: no context, bad list %d, bad block %d; bad list %d, bad block %d\n", CALL(SYS_io_submit, 0, 1, BAD), CALL(SYS_io_submit, 0, 1, blocks),
        CALL(SYS_io_submit, context, 1, BAD), CALL(SYS_io_submit, context, 1, blocks));
    printf("io_submit: closed, bad vector %d", CALL(SYS_io_submit, context, 1, blocks + 1));
    block.aio_nbytes = 2000;
    printf(", too many %d", CALL(SYS_io_submit, context, 1, blocks + 1));
    block.aio_fildes = file;
    printf("; too many %d", CALL(SYS_io_submit, context, 1, blocks + 1));
    block.aio_nbytes = -1;
    printf("; negative %d\n", CALL(SYS_io_submit, context, 1, blocks + 1));
    char bytes[4] = "";
    block = (struct iocb){ .aio_fildes = file, .aio_lio_opcode = IOCB_CMD_PREAD, .aio_buf = (unsigned long)bytes, .aio_nbytes = sizeof bytes };
    EQ(syscall(SYS_io_submit, context, 2, blocks + 1), 1); /* the one before the bad one */
    printf("io_getevents: bad room %d\n", CALL(SYS_io_getevents, context, 1, 2, BAD, NULL));
    EQ(syscall(SYS_io_getevents, context, 1, 2, events, NULL), 1); /* which has not lost it */
    EQ(events[0].res, sizeof bytes);
    EQ(CALL(SYS_io_destroy, context), 0);
    /* Attributes of what is not to be made are read by 64-bit calls only. */
    EQ(CALL(SYS_mq_open, "error-order", O_RDONLY, 0600, BAD), sizeof(long) == 8 ? EFAULT : ENOENT);
    printf("mq_open: bad name %d, to make, bad attributes %d\n", CALL(SYS_mq_open, BAD, O_RDONLY, 0600, NULL), CALL(SYS_mq_open, "a/b", O_RDWR | O_CREAT, 0600, BAD));
    return guest_done();
}
