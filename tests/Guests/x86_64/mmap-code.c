// cc: -O1
// Mapping games with code: MAP_FIXED over a called function, munmap and remap, mremap of code, PROT_NONE and back.
#include "guest.h"
#include <setjmp.h>

enum { P = 4096 };
static sigjmp_buf back;
static volatile uintptr_t fault_at;
typedef int function(void);

static void segv(int sig, siginfo_t *info, void *uc)
{
    (void)sig; (void)uc;
    fault_at = (uintptr_t)info->si_addr;
    siglongjmp(back, 1);
}

static void put(void *at, int value)
{
    unsigned char code[6] = { 0xb8, 0, 0, 0, 0, 0xc3 };
    memcpy(code + 1, &value, 4);
    memcpy(at, code, 6);
}

static int call(void *at)
{
    if (sigsetjmp(back, 1))
        return -1;
    return ((function *)at)();
}

#define RWX (PROT_READ | PROT_WRITE | PROT_EXEC)

int main(void)
{
    guest_handle(SIGSEGV, segv, 0);
    guest_handle(SIGBUS, segv, 0);
    char *code = mmap(NULL, 2 * P, RWX, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    put(code, 1);
    EQ(call(code), 1);
    for (int i = 0; i < 100; i++) {
        CHECK(mmap(code, P, RWX, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == code);
        put(code, i);
        EQ(call(code), i);
    }
    CHECK(munmap(code, P) == 0);
    EQ(call(code), -1);
    EQ(fault_at, code);
    CHECK(mmap(code, P, RWX, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == code);
    put(code, 77);
    EQ(call(code), 77);
    CHECK(mprotect(code, P, PROT_READ | PROT_WRITE) == 0);
    EQ(call(code), -1);
    EQ(fault_at, code);
    put(code, 78);
    CHECK(mprotect(code, P, PROT_READ | PROT_EXEC) == 0);
    EQ(call(code), 78);
    CHECK(mprotect(code, P, PROT_NONE) == 0);
    EQ(call(code), -1);
    CHECK(mprotect(code, P, PROT_EXEC) == 0);
    EQ(call(code), 78);

    char *room = mmap(NULL, P, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(mremap(code, P, P, MREMAP_MAYMOVE | MREMAP_FIXED, room) == room);
    EQ(call(room), 78);
    EQ(call(code), -1);

    char page[P] = { 0 };
    /* Code that system calls write into. */
    int p[2];
    CHECK(pipe(p) == 0);
    CHECK(mprotect(room, P, RWX) == 0);
    for (int i = 0; i < 50; i++) {
        put(page, i + 1000);
        CHECK(write(p[1], page, 6) == 6 && read(p[0], room, 6) == 6);
        EQ(call(room), i + 1000);
    }
    CHECK(madvise(room, P, MADV_DONTNEED) == 0);
    EQ(*(volatile int *)room, 0);
    put(room, 3);
    EQ(call(room), 3);

    /* An instruction that crosses pages, the second page replaced and then taken away. */
    char *two = mmap(NULL, 2 * P, RWX, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 5; i++) {
        char *at = two + P - 1 - i;
        put(at, 0x10203 + i);
        EQ(call(at), 0x10203 + i);
        two[P + 4 - i] = (char)0x90;
        two[P + 5 - i] = (char)0xc3;
        put(at, 0x20203 + i);
        EQ(call(at), 0x20203 + i);
    }
    put(two + P - 3, 9);
    CHECK(mprotect(two + P, P, PROT_NONE) == 0);
    EQ(call(two + P - 3), -1);
    EQ(fault_at, two + P);
    CHECK(mprotect(two + P, P, RWX) == 0);
    EQ(call(two + P - 3), 9);
    return guest_done();
}
