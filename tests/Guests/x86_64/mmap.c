// cc: -O1
// The mmap family: anonymous, private and shared files, fixed placement, NOREPLACE, 32BIT, holes, mremap, madvise, msync, mincore, mlock, errors.
#include "guest.h"
#include <setjmp.h>

enum { P = 4096 };
static sigjmp_buf back;
static volatile uintptr_t fault_at;

static void segv(int sig, siginfo_t *info, void *uc)
{
    (void)sig; (void)uc;
    fault_at = (uintptr_t)info->si_addr;
    siglongjmp(back, 1);
}

static int readable(void *p)
{
    if (sigsetjmp(back, 1))
        return 0;
    *(volatile char *)p;
    return 1;
}

static int writable(void *p)
{
    if (sigsetjmp(back, 1))
        return 0;
    *(volatile char *)p = *(volatile char *)p;
    return 1;
}

static void *map(void *at, size_t n, int prot, int flags, int fd, off_t off)
{
    return mmap(at, n, prot, flags, fd, off);
}

#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)

int main(void)
{
    guest_handle(SIGSEGV, segv, 0);
    char *a = map(NULL, 8 * P, RW, ANON, -1, 0);
    CHECK(a != MAP_FAILED && a[0] == 0 && a[8 * P - 1] == 0);
    memset(a, 7, 8 * P);
    CHECK(munmap(a + 2 * P, P) == 0);
    CHECK(munmap(a + 5 * P, P) == 0);
    printf("holes");
    for (int i = 0; i < 8; i++)
        printf(" %d", readable(a + i * P));
    printf("\n");
    FAILS(munmap(a + 1, P), EINVAL);
    FAILS(munmap(a, 0), EINVAL);
    CHECK(munmap(a + 2 * P, P) == 0);
    CHECK(map(a + 2 * P, P, RW, ANON | MAP_FIXED, -1, 0) == a + 2 * P && a[2 * P] == 0);
    CHECK(map(a + 2 * P, P, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED && errno == EEXIST);
    CHECK(map(a + 5 * P, P, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0) == a + 5 * P);
    CHECK(map(a + 3 * P, P, RW, ANON | MAP_FIXED, -1, 0) == a + 3 * P && a[3 * P] == 0 && a[4 * P] == 7);
    CHECK(map(a + 1, P, RW, ANON | MAP_FIXED, -1, 0) == MAP_FAILED && errno == EINVAL);
    CHECK(map(NULL, 0, RW, ANON, -1, 0) == MAP_FAILED && errno == EINVAL);
    CHECK(map(NULL, P, RW, MAP_PRIVATE, -1, 0) == MAP_FAILED && errno == EBADF);
    CHECK(map(NULL, 1ul << 62, RW, ANON, -1, 0) == MAP_FAILED && errno == ENOMEM);
    CHECK(map(NULL, P, RW, MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
    CHECK(map((void *)(1ul << 47), P, RW, ANON | MAP_FIXED, -1, 0) == MAP_FAILED && errno == ENOMEM);
    char *low = map(NULL, 4 * P, RW, ANON | MAP_32BIT, -1, 0);
    CHECK((uintptr_t)low < 1ul << 31);
    memset(low, 1, 4 * P);

    printf("mprotect");
    CHECK(mprotect(a, P, PROT_READ) == 0);
    printf(" %d%d", readable(a), writable(a));
    CHECK(mprotect(a, P, PROT_NONE) == 0);
    printf(" %d%d", readable(a), writable(a));
    CHECK(mprotect(a, P, RW) == 0);
    printf(" %d%d", readable(a), writable(a));
    CHECK(mprotect(a, P, PROT_EXEC | PROT_READ) == 0);
    printf(" %d%d\n", readable(a), writable(a));
    EQ(a[5], 7);
    FAILS(mprotect(a + 1, P, RW), EINVAL);
    munmap(a + 6 * P, P);
    FAILS(mprotect(a + 4 * P, 4 * P, PROT_READ), ENOMEM);
    printf("partly %d%d%d\n", writable(a + 4 * P), writable(a + 5 * P), writable(a + 7 * P));
    CHECK(writable(a + P) && (mprotect(a + P, P, PROT_READ), !writable(a + P + 9)) && fault_at == (uintptr_t)a + P + 9);

    int fd = open("map-file", O_RDWR | O_CREAT | O_TRUNC, 0600);
    char text[3 * P];
    for (int i = 0; i < 3 * P; i++)
        text[i] = (char)('a' + i / P);
    CHECK(write(fd, text, sizeof text) == sizeof text);
    char *priv = map(NULL, 3 * P, RW, MAP_PRIVATE, fd, 0), *shared = map(NULL, 3 * P, RW, MAP_SHARED, fd, 0), *second = map(NULL, P, PROT_READ, MAP_SHARED, fd, P);
    CHECK(priv[0] == 'a' && shared[P] == 'b' && second[0] == 'b');
    priv[0] = 'X';
    shared[P] = 'Y';
    CHECK(shared[0] == 'a' && second[0] == 'Y' && priv[P] == 'Y');
    CHECK(msync(shared, 3 * P, MS_SYNC) == 0);
    FAILS(msync(shared, P, MS_SYNC | MS_ASYNC), EINVAL);
    char back_text[4] = "";
    CHECK(pread(fd, back_text, 1, P) == 1 && back_text[0] == 'Y');
    CHECK(pwrite(fd, "Z", 1, 2 * P) == 1 && shared[2 * P] == 'Z');
    int ro = open("map-file", O_RDONLY);
    CHECK(map(NULL, P, RW, MAP_SHARED, ro, 0) == MAP_FAILED && errno == EACCES);
    CHECK(map(NULL, P, RW, MAP_PRIVATE, ro, 0) != MAP_FAILED);
    CHECK(map(NULL, P, RW, MAP_SHARED, fd, 100) == MAP_FAILED && errno == EINVAL);
    close(ro);
    close(fd);
    EQ(shared[0], 'a');
    unlink("map-file");

    CHECK(madvise(a + 4 * P, P, MADV_DONTNEED) == 0 && a[4 * P] == 0);
    CHECK(madvise(priv, P, MADV_DONTNEED) == 0 && priv[0] == 'a');
    FAILS(madvise(a + 1, P, MADV_DONTNEED), EINVAL);
    FAILS(madvise(a, P, 9999), EINVAL);
    unsigned char core[3];
    CHECK(mincore(shared, 3 * P, core) == 0 && (core[0] & 1));
    CHECK(mlock(shared, P) == 0 && munlock(shared, P) == 0);

    char *m = map(NULL, 2 * P, RW, ANON, -1, 0);
    m[0] = 1;
    m[P] = 2;
    char *grown = mremap(m, 2 * P, 64 * P, MREMAP_MAYMOVE);
    CHECK(grown != MAP_FAILED && grown[0] == 1 && grown[P] == 2 && grown[63 * P] == 0);
    char *target = map(NULL, 64 * P, PROT_NONE, ANON, -1, 0);
    CHECK(mremap(grown, 64 * P, 32 * P, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target);
    CHECK(target[P] == 2 && !readable(grown));
    CHECK(mremap(target, 32 * P, P, 0) == target && !readable(target + P));
    char *blocker = map(target + P, P, RW, ANON | MAP_FIXED, -1, 0);
    CHECK(mremap(target, P, 2 * P, 0) == MAP_FAILED && errno == ENOMEM);
    CHECK(mremap(target, P, P, 64) == MAP_FAILED && errno == EINVAL);
    CHECK(mremap(grown, P, 2 * P, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT);
    char *twin = mremap(shared, 0, 3 * P, MREMAP_MAYMOVE);
    CHECK(twin != MAP_FAILED && twin != shared);
    twin[5] = 'T';
    EQ(shared[5], 'T');
    CHECK(mremap(target, P, P, MREMAP_MAYMOVE | MREMAP_DONTUNMAP) != MAP_FAILED);
    EQ(target[0], 0);
    (void)blocker;
    return guest_done();
}
