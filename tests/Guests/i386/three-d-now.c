// cc: -O1 -fno-pie -no-pie
// needs: 3dnow
// 3DNow!: each operation, operands in registers and memory, faults, what it does to the x87 registers. Values are the manual's (AMD64 volume 5). Most processors
// have it no more; I386Cli.cs runs this under a model that has.
#include "guest.h"
#include <cpuid.h>
#include <setjmp.h>

static uint64_t pair(float low, float high)
{
    float f[2] = { low, high };
    uint64_t bits;
    memcpy(&bits, f, sizeof bits);
    return bits;
}

static uint64_t words(uint32_t low, uint32_t high) { return (uint64_t)high << 32 | low; }

/* The operation on registers; it must come to the same with the source in memory, also with a prefix that means nothing. */
#define OP(name, suffix) static uint64_t name(uint64_t a, uint64_t b) { \
    uint64_t r, m, p; \
    asm volatile("movq %1, %%mm3; movq %2, %%mm6; .byte 0x0F, 0x0F, 0xDE, " #suffix "; movq %%mm3, %0; femms" : "=m"(r) : "m"(a), "m"(b)); \
    asm volatile("movq %1, %%mm5; .byte 0x0F, 0x0F, 0x6E, 0x00, " #suffix "; movq %%mm5, %0; femms" : "=m"(m) : "m"(a), "S"(&b), "m"(b)); \
    asm volatile("movq %1, %%mm0; .byte 0x66, 0x0F, 0x0F, 0x44, 0x8E, 0x08, " #suffix "; movq %%mm0, %0; femms" : "=m"(p) : "m"(a), "S"((char *)&b - 8 - 4), "c"(1), "m"(b)); \
    EQ(m, r); \
    EQ(p, r); \
    return r; }
OP(pi2fw, 0x0C) OP(pi2fd, 0x0D) OP(pf2iw, 0x1C) OP(pf2id, 0x1D) OP(pfnacc, 0x8A) OP(pfpnacc, 0x8E) OP(pfcmpge, 0x90) OP(pfmin, 0x94) OP(pfrcp, 0x96)
OP(pfrsqrt, 0x97) OP(pfsub, 0x9A) OP(pfadd, 0x9E) OP(pfcmpgt, 0xA0) OP(pfmax, 0xA4) OP(pfrcpit1, 0xA6) OP(pfrsqit1, 0xA7) OP(pfsubr, 0xAA) OP(pfacc, 0xAE)
OP(pfcmpeq, 0xB0) OP(pfmul, 0xB4) OP(pfrcpit2, 0xB6) OP(pmulhrw, 0xB7) OP(pswapd, 0xBB) OP(pavgusb, 0xBF)

static sigjmp_buf back;
static uint64_t at_fault[8];
static void fault(int sig, siginfo_t *info, void *uc)
{
    (void)info;
    for (int i = 0; i < 8; i++)
        memcpy(&at_fault[i], &((ucontext_t *)uc)->uc_mcontext.fpregs->_st[i], sizeof at_fault[i]);
    siglongjmp(back, sig);
}

static void arithmetic(void)
{
    uint64_t a = pair(1.5f, -2), b = pair(0.25f, 8);
    EQ(pfadd(a, b), pair(1.75f, 6));
    EQ(pfsub(a, b), pair(1.25f, -10));
    EQ(pfsubr(a, b), pair(-1.25f, 10));
    EQ(pfmul(a, b), pair(0.375f, -16));
    EQ(pfacc(a, b), pair(-0.5f, 8.25f));
    EQ(pfnacc(a, b), pair(3.5f, -7.75f));
    EQ(pfpnacc(a, b), pair(3.5f, 8.25f));
    EQ(pfmin(a, b), pair(0.25f, -2));
    EQ(pfmax(a, b), pair(1.5f, 8));
    EQ(pfcmpge(a, b), words(-1, 0));
    EQ(pfcmpgt(a, a), 0);
    EQ(pfcmpeq(pair(0, 3), pair(-0.0f, 4)), words(-1, 0));
    EQ(pfmax(pair(-0.0f, -1), pair(-0.0f, -0.0f)), 0);
    /* One rounding mode, saturation, no denormal numbers. */
    EQ(pfadd(pair(16777216, 1), pair(1, 0x1p-24f)), pair(16777216, 1));
    EQ(pfmul(words(0x7F000000, 0xFF000000), words(0x7F000000, 0x7F000000)), words(0x7F7FFFFF, 0xFF7FFFFF));
    EQ(pfmul(words(0x00800000, 0x80800000), pair(0.5f, 0.5f)), words(0, 0x80000000));
    uint64_t third = pfrcp(0, pair(3, 7));
    EQ(pfrcpit2(third, pfrcpit1(pair(3, 3), third)), pair(1 / 3.0f, 1 / 3.0f));
    EQ(pfrsqrt(0, pair(16, 1)), pair(0.25f, 0.25f));
    EQ(pfrsqit1(a, b), b);
    EQ(pfrcp(0, pair(-0.0f, 1)), words(0xFF7FFFFF, 0xFF7FFFFF));
}

static void conversions(void)
{
    EQ(pi2fd(0, words(0x7FFFFFFF, -16777219)), pair(2147483520, -16777218)); /* cut off */
    EQ(pi2fd(0, words(0x80000000, 5)), pair(-2147483648.0f, 5));
    EQ(pi2fw(0, words(0x12348000, 0x00017FFF)), pair(-32768, 32767));
    EQ(pf2id(0, pair(-3.9f, 3e9f)), words(-3, 0x7FFFFFFF));
    EQ(pf2id(0, pair(-3e9f, 0.99f)), words(0x80000000, 0));
    EQ(pf2iw(0, pair(40000, -40000)), words(0x7FFF, 0xFFFF8000));
    EQ(pmulhrw(0x8000400000017FFFu, 0x8000000300028000u), 0x400000010000C001u);
    EQ(pswapd(0, words(1, 2)), words(2, 1));
    EQ(pavgusb(0xFF00FE0180102001u, 0xFF01FF0080112103u), 0xFF01FF0180112102u);
}

static void state(void)
{
    /* A fault leaves the destination alone. */
    static uint64_t mine = 42, x87, sum;
    int sig = sigsetjmp(back, 1);
    if (sig == 0)
        asm volatile("movq %0, %%mm2; .byte 0x0F, 0x0F, 0x17, 0x9E" : : "m"(mine), "D"(16));
    printf("signal %d, destination %d\n", sig, (int)at_fault[2]);
    /* Operands relative to a segment; registers are the x87 stack's, by their own numbers. */
    static float four = 4;
    uint16_t status;
    asm volatile("fninit; fld1; fld1; fld1; movq %2, %%mm7; .byte 0x0F, 0x0F, 0x3D; .long %c3; .byte 0x9E; fnstsw %1; movq %%mm7, %0; femms"
        : "=m"(x87), "=a"(status) : "m"(mine), "i"(&mine));
    EQ(status & 0x3800, 0);
    EQ(x87, 0); /* twice the smallest denormal numbers */
    asm volatile("movq %1, %%mm1; push %%es; push %%ds; pop %%es; .byte 0x26, 0x0F, 0x0F, 0x0E, 0x9E; pop %%es; movd %%mm1, %0; femms" : "=m"(sum) : "m"(four), "S"(&four) : "memory");
    EQ((uint32_t)sum, (uint32_t)pair(8, 0));
    sig = sigsetjmp(back, 1);
    if (sig == 0)
        asm volatile(".byte 0x0F, 0x0F, 0xC0, 0x00");
    printf("no such operation: signal %d\n", sig);
}

int main(void)
{
    unsigned eax, ebx, ecx, edx;
    __cpuid(0x80000001, eax, ebx, ecx, edx);
    printf("3dnow %d, 3dnowext %d\n", edx >> 31, edx >> 30 & 1);
    fflush(stdout);
    guest_handle(SIGSEGV, fault, 0);
    guest_handle(SIGILL, fault, 0);
    arithmetic();
    conversions();
    state();
    return guest_done();
}
