// cc: -O1
// String instructions: every kind and width, rep, repe, repne, both directions, zero counts, 32-bit addresses and counts, overlaps, segment override, faults midway.
#include "guest.h"
#include <asm/prctl.h>
#include <setjmp.h>

static uint64_t digest;
static unsigned char a[512], b[512];
static sigjmp_buf back;
static volatile greg_t rcx_at_fault, rdi_at_fault, rsi_at_fault;

static void reset(void)
{
    for (int i = 0; i < 512; i++) {
        a[i] = (unsigned char)(i * 37 + 11);
        b[i] = (unsigned char)(i * 91 + 3);
    }
}

static void note(uint64_t si, uint64_t di, uint64_t cx, uint64_t ax, uint64_t fl)
{
    uint64_t v[5] = { si - (uintptr_t)a, di - (uintptr_t)b, cx, ax, fl & 0x8d5 };
    digest = guest_hash(digest, v, sizeof v);
    digest = guest_hash(digest, a, sizeof a);
    digest = guest_hash(digest, b, sizeof b);
}

#define RUN(text, flag, si, di, cx, ax) do { \
    uint64_t s_ = (uintptr_t)(si), d_ = (uintptr_t)(di), c_ = (cx), a_ = (ax), f_; \
    asm volatile(flag "; cmp %%rsp, %%rsp; " text "; pushf; pop %4; cld" : "+S"(s_), "+D"(d_), "+c"(c_), "+a"(a_), "=&r"(f_) :: "memory", "cc"); \
    note(s_, d_, c_, a_, f_); } while (0)

#define WIDTHS(op, flag, si, di, cx, ax) do { \
    reset(); RUN(op "b", flag, si, di, cx, ax); reset(); RUN(op "w", flag, si, di, cx, ax); reset(); RUN(op "l", flag, si, di, cx, ax); reset(); RUN(op "q", flag, si, di, cx, ax); } while (0)

static void segv(int sig, siginfo_t *info, void *context)
{
    (void)sig; (void)info;
    greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
    rcx_at_fault = r[REG_RCX];
    rdi_at_fault = r[REG_RDI];
    rsi_at_fault = r[REG_RSI];
    asm volatile("cld");
    siglongjmp(back, 1);
}

int main(void)
{
    static const char *flags[] = { "cld", "std" };
    (void)flags;
    for (int n = 0; n < 20; n += 3) {
        WIDTHS("movs", "cld", a + 100, b + 200, n, 0);
        WIDTHS("movs", "std", a + 100, b + 200, n, 0);
        WIDTHS("rep movs", "cld", a + 100, b + 200, n, 0);
        WIDTHS("rep movs", "std", a + 300, b + 400, n, 0);
        WIDTHS("rep movs", "cld", b + 201, b + 208, n, 0);
        WIDTHS("rep stos", "cld", a, b + 33, n, 0x1122334455667788);
        WIDTHS("rep stos", "std", a, b + 333, n, 0x1122334455667788);
        WIDTHS("repne stos", "cld", a, b + 33, n, 0x1122334455667788);
        WIDTHS("lods", "cld", a + 5, b, n, 1);
        WIDTHS("rep lods", "cld", a + 5, b, n, 1);
        WIDTHS("repe cmps", "cld", a + 3, a + 3, n, 1);
        WIDTHS("repe cmps", "cld", a + 3, b + 3, n, 1);
        WIDTHS("repne cmps", "std", a + 203, b + 303, n, 1);
        WIDTHS("repne scas", "cld", a, b + 16, n, b[30]);
        WIDTHS("repe scas", "std", a, b + 160, n, 0);
        WIDTHS("scas", "cld", a, b + 1, n, 0x5e);
    }

    /* 32-bit address size: upper halves ignored and cleared, in memory below 4 GiB. */
    unsigned char *low = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    for (int i = 0; i < 4096; i++)
        low[i] = (unsigned char)(i * 5);
    uint64_t s = (uintptr_t)low | 0xdead00000000, d = ((uintptr_t)low + 4096) | 0xbeef00000000, c = 0x500000000 | 1000;
    asm volatile("addr32 rep movsb" : "+S"(s), "+D"(d), "+c"(c) :: "memory");
    EQ(s, (uintptr_t)low + 1000);
    EQ(d, (uintptr_t)low + 5096);
    EQ(c, 0);
    CHECK(memcmp(low, low + 4096, 1000) == 0);
    d = ((uintptr_t)low + 4096) | 0xbeef00000000;
    c = 10;
    asm volatile("addr32 rep stosb" : "+D"(d), "+c"(c) : "a"(0xee) : "memory");
    CHECK(low[4096] == 0xee && low[4105] == 0xee && low[4106] == low[10]);
    uint64_t al = 0;
    s = (uintptr_t)low + 7;
    asm volatile("addr32 lodsb" : "+S"(s), "+a"(al));
    EQ(al, 35);

    /* Source through gs, xlat. */
    syscall(SYS_arch_prctl, ARCH_SET_GS, (uintptr_t)a);
    reset();
    s = 10;
    d = (uintptr_t)b;
    c = 16;
    asm volatile("rep movsb %%gs:(%%rsi), (%%rdi)" : "+S"(s), "+D"(d), "+c"(c) :: "memory");
    CHECK(memcmp(a + 10, b, 16) == 0 && s == 26);
    s = 40;
    asm volatile("lodsl %%gs:(%%rsi), %%eax" : "+S"(s), "+a"(al));
    CHECK(memcmp(&al, a + 40, 4) == 0);
    al = 0x1230;
    asm volatile("xlat" : "+a"(al) : "b"(a));
    EQ(al, 0x1200 + a[0x30]);
    al = 0x31;
    asm volatile("xlatb %%gs:(%%rbx)" : "+a"(al) : "b"(0L));
    EQ(al, a[0x31]);
    syscall(SYS_arch_prctl, ARCH_SET_GS, 0L);

    /* A fault in the middle leaves the registers at the element that faulted. */
    guest_handle(SIGSEGV, segv, 0);
    unsigned char *page = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(page + 4096, 4096, PROT_NONE);
    if (sigsetjmp(back, 1) == 0) {
        d = (uintptr_t)page + 4096 - 80;
        c = 100;
        asm volatile("rep stosq" : "+D"(d), "+c"(c) : "a"(0L) : "memory");
        CHECK(0);
    } else {
        EQ(rcx_at_fault, 90);
        EQ(rdi_at_fault, page + 4096);
    }
    if (sigsetjmp(back, 1) == 0) {
        d = (uintptr_t)page + 8192;
        s = (uintptr_t)page;
        c = 1000;
        asm volatile("std; rep movsl; cld" : "+S"(s), "+D"(d), "+c"(c) :: "memory");
        CHECK(0);
    } else {
        EQ(1000 - rcx_at_fault, ((uintptr_t)page + 8192 - rdi_at_fault) / 4);
        EQ(rcx_at_fault, 999);
    }
    printf("digest %016llx\n", (unsigned long long)digest);
    return guest_done();
}
