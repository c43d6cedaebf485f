// cc: -O2 -maltivec
// cc[static]: -O2 -maltivec -static
// All registers survive a handler that tramples on them; the handler sees them in the context, and what it changes there takes effect.
#include "guest.h"
#include <altivec.h>
#include <stddef.h>
#include <asm/ptrace.h>

static volatile int hits, edit;
static volatile uint32_t seen_r14, seen_ctr, seen_xer, seen_cr, seen_msr, seen_vrsave, seen_vscr;
static volatile double seen_f20;
static volatile uint32_t seen_v25[4];
static volatile uint32_t seen_fpscr;

static void trample(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    mcontext_t *m = uc->uc_mcontext.uc_regs;
    (void)sig; (void)info;
    CHECK((char *)m == (char *)uc + 192);
    seen_r14 = m->gregs[14];
    seen_ctr = m->gregs[PT_CTR];
    seen_xer = m->gregs[PT_XER];
    seen_cr = m->gregs[PT_CCR];
    seen_msr = m->gregs[PT_MSR];
    seen_f20 = m->fpregs.fpregs[20];
    union { double d; uint64_t u; } fpscr = { .d = m->fpregs.fpscr };
    seen_fpscr = (uint32_t)fpscr.u;
    memcpy((void *)seen_v25, &m->vrregs.vrregs[25], 16);
    memcpy((void *)&seen_vscr, (char *)&m->vrregs + 32 * 16 + 12, 4);
    memcpy((void *)&seen_vrsave, (char *)&m->vrregs + 32 * 16, 4);
    if (edit) {
        m->gregs[14] ^= 0xff;
        m->gregs[PT_CTR] += 3;
        m->gregs[PT_CCR] ^= 0x00f00000;
        m->fpregs.fpregs[20] = -3.5;
        m->vrregs.vrregs[25][0] = 0x55aa55aa;
    }
    asm volatile("li 14,-1\n li 31,-1\n mtctr 14\n mtcr 14\n mtxer 14\n mtlr 14\n"
                 "fsub 14,14,14\n fsub 20,20,20\n fmr 31,14\n mtfsfi 7,1\n"
                 "vspltisb 2,-1\n vspltisb 20,-1\n vspltisb 25,-1\n vspltisb 31,3\n mtvscr 2\n"
                 : : : "r14", "r31", "ctr", "cr0", "cr1", "cr2", "cr3", "cr4", "cr5", "cr6", "cr7", "xer", "lr", "fr14", "fr20", "fr31",
                 "v2", "v20", "v25", "v31");
    hits++;
}

struct state { uint32_t r14, r31, ctr, cr, xer; double f14, f20, f31; uint32_t v20[4], v25[4], v31[4], vscr[4]; double fpscr; };

static void run(struct state *out, int pid)
{
    static const uint32_t pattern[4] __attribute__((aligned(16))) = { 0x01020304, 0x05060708, 0x090a0b0c, 0x0d0e0f10 };
    static const uint32_t nj[4] __attribute__((aligned(16))) = { 0, 0, 0, 0x00010001 };
    static const double doubles[3] = { 1.25, -2.5, 1e-3 };
    struct state s __attribute__((aligned(16)));
    register struct state *p asm("r9") = &s;
    register const uint32_t *pat asm("r10") = pattern;
    register const double *dbl asm("r11") = doubles;
    register const uint32_t *sat asm("r12") = nj;
    register int number asm("r0") = SYS_kill;
    register int a3 asm("r3") = pid, a4 asm("r4") = SIGUSR1;
    asm volatile(
        "lis 14,0x1234\n ori 14,14,0x5678\n li 31,77\n lis 8,0x4321\n mtctr 8\n"
        "lis 8,0x2005\n ori 8,8,0x0055\n mtxer 8\n lis 8,0x8421\n ori 8,8,0x1248\n mtcr 8\n"
        "lfd 14,0(11)\n lfd 20,8(11)\n lfd 31,16(11)\n mtfsfi 7,2\n"
        "lvx 20,0,10\n vsldoi 25,20,20,4\n vsldoi 31,20,20,8\n lvx 2,0,12\n mtvscr 2\n"
        "sc\n"
        "stw 14,%[r14](9)\n stw 31,%[r31](9)\n mfctr 8\n stw 8,%[ctr](9)\n mfcr 8\n stw 8,%[cr](9)\n mfxer 8\n stw 8,%[xer](9)\n"
        "stfd 14,%[f14](9)\n stfd 20,%[f20](9)\n stfd 31,%[f31](9)\n"
        "addi 8,9,%[v20]\n stvx 20,0,8\n addi 8,9,%[v25]\n stvx 25,0,8\n addi 8,9,%[v31]\n stvx 31,0,8\n mfvscr 2\n addi 8,9,%[vscr]\n stvx 2,0,8\n"
        "mffs 0\n stfd 0,%[fpscr](9)\n mtfsfi 7,0\n"
        : "+r"(number), "+r"(a3), "+r"(a4), "+r"(p), "+r"(pat), "+r"(dbl), "+r"(sat)
        : [r14] "i"(offsetof(struct state, r14)), [r31] "i"(offsetof(struct state, r31)), [ctr] "i"(offsetof(struct state, ctr)), [cr] "i"(offsetof(struct state, cr)),
          [xer] "i"(offsetof(struct state, xer)), [f14] "i"(offsetof(struct state, f14)), [f20] "i"(offsetof(struct state, f20)), [f31] "i"(offsetof(struct state, f31)),
          [v20] "i"(offsetof(struct state, v20)), [v25] "i"(offsetof(struct state, v25)), [v31] "i"(offsetof(struct state, v31)), [vscr] "i"(offsetof(struct state, vscr)),
          [fpscr] "i"(offsetof(struct state, fpscr))
        : "memory", "r14", "r31", "r5", "r6", "r7", "r8", "ctr", "cr0", "cr1", "cr2", "cr3", "cr4", "cr5", "cr6", "cr7", "xer", "fr0", "fr14", "fr20", "fr31", "v2", "v20", "v25", "v31");
    EQ(a3, 0);
    *out = s;
}

int main(void)
{
    struct sigaction sa = { .sa_sigaction = trample, .sa_flags = SA_SIGINFO };
    struct state s;
    sigaction(SIGUSR1, &sa, 0);
    for (edit = 0; edit < 2; edit++) {
        run(&s, getpid());
        EQ(hits, edit + 1);
        EQ(seen_r14, 0x12345678);
        EQ(seen_ctr, 0x43210000);
        EQ(seen_xer & 0xe000007f, 0x20000055);
        EQ(seen_cr & 0x0fffffff, 0x04211248);
        CHECK(seen_f20 == -2.5);
        EQ(seen_fpscr & 3, 2);
        EQ(seen_v25[0], 0x05060708);
        EQ(seen_v25[3], 0x01020304);
        EQ(seen_vscr, 0x00010001);
        EQ(seen_msr & 0x02004000, 0x02004000);
        EQ(s.r14, edit ? 0x12345687 : 0x12345678);
        EQ(s.r31, 77);
        EQ(s.ctr, 0x43210000 + (edit ? 3 : 0));
        EQ(s.xer & 0xe000007f, 0x20000055);
        EQ(s.cr & 0x0fffffff, 0x04211248 ^ (edit ? 0x00f00000 : 0));
        CHECK(s.f14 == 1.25);
        CHECK(s.f20 == (edit ? -3.5 : -2.5));
        CHECK(s.f31 == 1e-3);
        EQ(s.v20[0], 0x01020304);
        EQ(s.v20[3], 0x0d0e0f10);
        EQ(s.v25[0], edit ? 0x55aa55aa : 0x05060708);
        EQ(s.v25[1], 0x090a0b0c);
        EQ(s.v31[0], 0x090a0b0c);
        EQ(s.vscr[3], 0x00010001);
        union { double d; uint64_t u; } fpscr = { .d = s.fpscr };
        EQ(fpscr.u & 3, 2);
    }
    return guest_done();
}
