// also: i386 ppc
// cc: -O1
// Calls on ranges see holes where the guest has nothing; mlockall locks what is the guest's, within its limit; mmap's order of checks.
#include "guest.h"
#include <sys/resource.h>

static long locked(void)
{
    char text[8192];
    int fd = open("/proc/self/status", O_RDONLY);
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = 0;
    char *line = strstr(text, "VmLck:");
    return line ? atol(line + 6) : -1;
}

int main(void)
{
    size_t page = 4096;
    char *map = mmap(NULL, 4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(map != MAP_FAILED && munmap(map + 2 * page, page) == 0);
    unsigned char vec[4];
    EQ(msync(map, 2 * page, MS_SYNC), 0);
    FAILS(msync(map, 4 * page, MS_SYNC), ENOMEM);
    FAILS(msync(map + 2 * page, page, MS_ASYNC), ENOMEM);
    FAILS(msync(map + 1, page, MS_SYNC), EINVAL);
    FAILS(msync(map, page, ~0), EINVAL);
    FAILS(mincore(map, 4 * page, vec), ENOMEM);
    FAILS(mincore(map + 1, page, vec), EINVAL);
    EQ(mincore(map, 2 * page, vec), 0);
    char *behind_heap = (char *)(((uintptr_t)sbrk(0) + 16 * page) & ~(page - 1));
    FAILS(msync(behind_heap, page, MS_SYNC), ENOMEM);
    FAILS(mlock(behind_heap, page), ENOMEM);
    EQ(mlock(map, 2 * page), 0);
    EQ(locked(), 8);
    FAILS(munlock(map, 4 * page), ENOMEM);
    EQ(locked(), 0);

    EQ(mlockall(MCL_CURRENT), 0);
    long now = locked();
    CHECK(now > 0 && now < 100000);
    EQ(munlockall(), 0);
    EQ(locked(), 0);
    EQ(mlockall(MCL_FUTURE), 0);
    char *later = mmap(NULL, 16 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(later != MAP_FAILED);
    EQ(locked(), 64);
    EQ(munlockall(), 0);
    FAILS(mlockall(0), EINVAL);
    FAILS(mlockall(MCL_ONFAULT), EINVAL);
    FAILS(mlockall(64), EINVAL);

    FAILS(mmap(NULL, 0, PROT_READ, MAP_SHARED, 77, 0), EBADF);
    FAILS(mmap(NULL, page, PROT_READ, MAP_SHARED, 77, 0), EBADF);
    FAILS(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), EINVAL);
    return guest_done();
}
