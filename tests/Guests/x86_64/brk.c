// also: i386 ppc
// cc: -O1
// brk and sbrk: growing, shrinking, zero-filled again after shrinking, refusing nonsense, malloc beside it.
#include "guest.h"
#include <setjmp.h>

static sigjmp_buf back;
static void segv(int sig) { (void)sig; siglongjmp(back, 1); }

static int readable(volatile char *p)
{
    if (sigsetjmp(back, 1))
        return 0;
    *p;
    return 1;
}

int main(void)
{
    signal(SIGSEGV, segv);
    char *start = sbrk(0);
    char *now = (char *)syscall(SYS_brk, 0);
    EQ(now, start);
    CHECK(sbrk(1 << 20) == start);
    memset(start, 5, 1 << 20);
    char *end = sbrk(0);
    EQ(end - start, 1 << 20);
    CHECK(sbrk(-(1 << 19)) == end);
    CHECK(readable(start + (1 << 19) - 4097) && !readable(start + (1 << 19) + 8192));
    CHECK(sbrk(1 << 19) != (void *)-1);
    EQ(start[(1 << 20) - 1], 0);
    EQ(start[100], 5);
    EQ(syscall(SYS_brk, 16), start + (1 << 20));
    EQ(syscall(SYS_brk, -4096L), start + (1 << 20));
    for (int i = 0; i < 1000; i++)
        CHECK(sbrk(100) != (void *)-1);
    memset(start, 6, (1 << 20) + 100000);
    CHECK(brk(start) == 0);
    void *p[100];
    for (int i = 0; i < 100; i++)
        memset(p[i] = malloc(10000 + i * 1000), i, 10000);
    for (int i = 0; i < 100; i++) {
        EQ(((char *)p[i])[9999], i);
        free(p[i]);
    }
    return guest_done();
}
