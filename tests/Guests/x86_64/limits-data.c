// also: i386 ppc
// cc: -O1 -static
// RLIMIT_DATA binds private writable memory of every kind: what is mapped, grown, made writable, and the heap; not what is shared or only read. With RLIMIT_AS beside it, too.
// And calls whose answers or lengths are bad: waitid without a child, vectors of negative length.
#include "guest.h"
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { LIMIT = 4 << 20 };

static int can(void *at) { return at != MAP_FAILED; }

int main(void)
{
    int fd = open("/dev/zero", O_RDWR), plain[2];
    struct rlimit data = { LIMIT, LIMIT };
    struct iovec vectors[2] = { { plain, 4 }, { plain, (size_t)-1 } };
    struct msghdr message = { .msg_iov = vectors, .msg_iovlen = 2 };
    siginfo_t info;
    CHECK(setrlimit(RLIMIT_DATA, &data) == 0);
    printf("private %d, shared %d, only read %d, a file's %d\n", can(mmap(NULL, 2 * LIMIT, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)),
        can(mmap(NULL, 2 * LIMIT, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)), can(mmap(NULL, 2 * LIMIT, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)),
        can(mmap(NULL, 2 * LIMIT, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0)));
    char *small = mmap(NULL, LIMIT / 4, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *read_only = mmap(NULL, LIMIT, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    printf("small %d", can(small));
    small = mremap(small, LIMIT / 4, LIMIT / 2, MREMAP_MAYMOVE);
    printf(", grown %d, beyond %d\n", can(small), can(mremap(small, LIMIT / 2, 2 * LIMIT, MREMAP_MAYMOVE)));
    printf("made writable: all %d", mprotect(read_only, LIMIT, PROT_READ | PROT_WRITE));
    printf(", a part %d\n", mprotect(read_only, LIMIT / 8, PROT_READ | PROT_WRITE));
    printf("heap: a little %d", sbrk(LIMIT / 8) != (void *)-1);
    printf(", much %d\n", sbrk(LIMIT) != (void *)-1);
    struct rlimit space = { 512 << 20, 512 << 20 };
    CHECK(setrlimit(RLIMIT_AS, &space) == 0);
    printf("with RLIMIT_AS: private %d, shared %d\n", can(mmap(NULL, LIMIT, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)),
        can(mmap(NULL, LIMIT, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)));

    FAILS(syscall(SYS_waitid, P_ALL, 0, (void *)16, WEXITED, NULL), EFAULT);
    FAILS(syscall(SYS_waitid, P_ALL, 0, NULL, WEXITED, NULL), ECHILD);
    FAILS(syscall(SYS_waitid, P_ALL, 0, (void *)16, 0, NULL), EFAULT);
    memset(&info, 0x55, sizeof info);
    FAILS(waitid(P_ALL, 0, &info, WEXITED), ECHILD);
    EQ(info.si_signo, 0);
    EQ(info.si_pid, 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, plain) == 0);
    FAILS(readv(fd, vectors, 2), EINVAL);
    FAILS(sendmsg(plain[0], &message, 0), EINVAL);
    struct iovec local = { plain, 4 };
    FAILS(process_vm_readv(getpid(), &local, 1, vectors, 2, 0), EINVAL);
    return guest_done();
}
