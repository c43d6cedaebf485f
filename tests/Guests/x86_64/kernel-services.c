// also: i386
// cc: -O1
// membarrier tells what the guest registered, not its emulator; an io_uring ring can be made, mapped and used, also with vectors.
#include "guest.h"
#include <linux/io_uring.h>
#include <linux/membarrier.h>
#include <sys/uio.h>

static long barrier(int command)
{
    return syscall(SYS_membarrier, command, 0, 0);
}

static void rings(void)
{
    struct io_uring_params params = { 0 };
    int ring = syscall(SYS_io_uring_setup, 4, &params);
    if (ring < 0)
        return; /* switched off on this machine */
    char *sq = mmap(NULL, params.sq_off.array + params.sq_entries * 4, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQ_RING);
    char *cq = mmap(NULL, params.cq_off.cqes + params.cq_entries * 16, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_CQ_RING);
    struct io_uring_sqe *entries = mmap(NULL, params.sq_entries * sizeof *entries, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, IORING_OFF_SQES);
    CHECK(sq != MAP_FAILED && cq != MAP_FAILED && (void *)entries != MAP_FAILED);
    int p[2];
    CHECK(pipe(p) == 0 && write(p[1], "abcdef", 6) == 6);
    char first[2], second[8];
    struct iovec vectors[2] = { { first, sizeof first }, { second, sizeof second } };
    entries[0] = (struct io_uring_sqe){ .opcode = IORING_OP_READV, .fd = p[0], .addr = (uintptr_t)vectors, .len = 2, .off = -1, .user_data = 77 };
    *(unsigned *)(sq + params.sq_off.array) = 0;
    __atomic_store_n((unsigned *)(sq + params.sq_off.tail), 1, __ATOMIC_RELEASE);
    EQ(syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0), 1);
    struct io_uring_cqe *done = (struct io_uring_cqe *)(cq + params.cq_off.cqes);
    EQ(done->user_data, 77);
    EQ(done->res, 6);
    CHECK(memcmp(first, "ab", 2) == 0 && memcmp(second, "cdef", 4) == 0);
    FAILS(syscall(SYS_io_uring_enter, 0, 1, 1, 0, NULL, 0), EOPNOTSUPP);
    close(ring);
}

int main(void)
{
    CHECK(barrier(MEMBARRIER_CMD_QUERY) > 0);
    FAILS(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED), EPERM);
    EQ(barrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED), 0);
    EQ(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED), 0);
    FAILS(barrier(-1), EINVAL);
    rings();
    return guest_done();
}
