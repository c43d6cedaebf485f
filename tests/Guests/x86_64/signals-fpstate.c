// cc: -O2 -mno-avx
// needs: avx
// xmm, ymm, zmm, mask, x87 and MXCSR state across a handler that tramples on all of it; the handler sees and edits the saved state.
#include "guest.h"
#include <cpuid.h>

static volatile int hits, edit;
static volatile double seen_xmm7;
static volatile unsigned seen_mxcsr, seen_fcw, seen_magic;

struct xsave_header { uint64_t xstate_bv, xcomp_bv, zero[6]; };

static void trample(int sig, siginfo_t *info, void *context)
{
    (void)sig; (void)info;
    ucontext_t *uc = context;
    struct _libc_fpstate *fp = uc->uc_mcontext.fpregs;
    unsigned mxcsr = 0;
    asm volatile("stmxcsr %0" : "=m"(mxcsr));
    EQ(mxcsr & 0xffc0, 0x1f80); /* the kernel starts handlers with the default */
    double d;
    memcpy(&d, &fp->_xmm[7], 8);
    seen_xmm7 = d;
    seen_mxcsr = fp->mxcsr;
    seen_fcw = fp->cwd;
    uint32_t magic;
    memcpy(&magic, (char *)fp + 464, 4);
    seen_magic = magic;
    if (edit) {
        double eight = 8.5;
        memcpy(&fp->_xmm[7], &eight, 8);
        /* The upper half of ymm3 lies at the standard place of component 2. */
        unsigned a, b, c, e;
        __cpuid_count(0xd, 2, a, b, c, e);
        uint64_t high[2] = { 0x1111, 0x2222 };
        memcpy((char *)fp + b + 3 * 16, high, 16);
        struct xsave_header *h = (struct xsave_header *)((char *)fp + 512);
        h->xstate_bv |= 4;
    }
    asm volatile("fninit; fldpi; fldpi; vpcmpeqb %%ymm0,%%ymm0,%%ymm0; vmovdqa %%ymm0,%%ymm3; vmovdqa %%ymm0,%%ymm7; vmovdqa %%ymm0,%%ymm15" ::: "memory");
    mxcsr = 0x7f80;
    asm volatile("ldmxcsr %0" :: "m"(mxcsr));
    if (__builtin_cpu_supports("avx512f"))
        asm volatile("vpternlogd $0xff,%%zmm1,%%zmm1,%%zmm1; vmovdqa64 %%zmm1,%%zmm20; kxnorw %%k1,%%k1,%%k1" ::: "memory");
    hits++;
}

struct state { uint8_t ymm3[32], ymm15[32], zmm20[64]; double xmm7; uint64_t k1; long double st[3]; uint32_t mxcsr; uint16_t fcw; };

/* Loads known state, raises SIGUSR1 with a plain system call (no libc in between), reads the state back. */
static void round_trip(const uint8_t *in, int has512, struct state *s)
{
    double seven = 7.25;
    uint32_t mxcsr = 0x3f80 | 0x8000, normal = 0x1f80;
    uint16_t fcw = 0x27f;
    long double a = 1.5L, b = 2.5L, c = 3.5L;
    long pid = getpid();
    if (has512)
        asm volatile("vmovdqu64 %0,%%zmm20; kmovq %1,%%k1" :: "m"(*(const uint8_t (*)[64])(in + 64)), "r"(0x123456789abcdefull) : "memory");
    asm volatile(
        "fninit\n\t"
        "fldcw %[fcw]\n\t"
        "fldt %[a]\n\tfldt %[b]\n\tfldt %[c]\n\t"
        "ldmxcsr %[mxcsr]\n\t"
        "vmovdqu (%[in]), %%ymm3\n\t"
        "vmovdqu 32(%[in]), %%ymm15\n\t"
        "vmovsd %[seven], %%xmm7\n\t"
        "syscall\n\t"
        "vmovdqu %%ymm3, %[ymm3]\n\t"
        "vmovdqu %%ymm15, %[ymm15]\n\t"
        "vmovsd %%xmm7, %[xmm7]\n\t"
        "stmxcsr %[omxcsr]\n\t"
        "ldmxcsr %[normal]\n\t"
        "fnstcw %[ofcw]\n\t"
        "fstpt %[st0]\n\tfstpt %[st1]\n\tfstpt %[st2]\n\t"
        "fninit\n\t"
        : [ymm3] "=m"(s->ymm3), [ymm15] "=m"(s->ymm15), [xmm7] "=m"(s->xmm7), [omxcsr] "=m"(s->mxcsr), [ofcw] "=m"(s->fcw),
          [st0] "=m"(s->st[0]), [st1] "=m"(s->st[1]), [st2] "=m"(s->st[2])
        : "a"((long)SYS_kill), "D"(pid), "S"((long)SIGUSR1), [in] "r"(in), [seven] "m"(seven), [mxcsr] "m"(mxcsr), [normal] "m"(normal), [fcw] "m"(fcw),
          [a] "m"(a), [b] "m"(b), [c] "m"(c)
        : "rcx", "r11", "memory", "cc", "xmm0", "xmm1", "xmm3", "xmm7", "xmm15");
    if (has512)
        asm volatile("vmovdqu64 %%zmm20,%0; kmovq %%k1,%1; vzeroupper" : "=m"(s->zmm20), "=r"(s->k1) :: "memory");
    else
        asm volatile("vzeroupper");
}

int main(void)
{
    uint8_t in[128];
    struct state s;
    int has512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
    for (int i = 0; i < 128; i++)
        in[i] = (uint8_t)(i * 7 + 1);
    guest_handle(SIGUSR1, trample, 0);
    for (int i = 0; i < 20; i++) {
        memset(&s, 0, sizeof s);
        edit = i == 19;
        round_trip(in, has512, &s);
        CHECK(seen_xmm7 == 7.25);
        EQ(seen_mxcsr, 0xbf80);
        EQ(seen_fcw, 0x27f);
        EQ(seen_magic, 0x46505853);
        EQ(s.mxcsr & 0xffc0, 0xbf80);
        EQ(s.fcw, 0x27f);
        CHECK(s.st[0] == 3.5L && s.st[1] == 2.5L && s.st[2] == 1.5L);
        CHECK(memcmp(s.ymm15, in + 32, 32) == 0);
        if (has512) {
            CHECK(memcmp(s.zmm20, in + 64, 64) == 0);
            EQ(s.k1, 0x123456789abcdef);
        }
        if (edit) {
            CHECK(s.xmm7 == 8.5);
            CHECK(memcmp(s.ymm3, in, 16) == 0 && s.ymm3[16] == 0x11 && s.ymm3[17] == 0x11 && s.ymm3[24] == 0x22 && s.ymm3[31] == 0);
        } else {
            CHECK(s.xmm7 == 7.25);
            CHECK(memcmp(s.ymm3, in, 32) == 0);
        }
    }
    EQ(hits, 20);
    return guest_done();
}
