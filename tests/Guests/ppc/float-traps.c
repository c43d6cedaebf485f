// cc: -O2 -lm
// Enabled floating-point exceptions: SIGFPE at the instruction, its code from FPSCR, and not one more than asked for.
#include "guest.h"
#include <asm/ptrace.h>
#include <fenv.h>
#include <math.h>

static volatile int hits, code;
static volatile uint32_t address, nip, wrong_pc;

static void handler(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    (void)sig;
    hits++;
    code = info->si_code;
    address = (uint32_t)info->si_addr;
    nip = uc->uc_mcontext.uc_regs->gregs[PT_NIP];
    wrong_pc |= address != nip;
    /* Handlers run with FPSCR zero; what is put back has the enables still. */
    double f;
    asm volatile("mffs %0" : "=d"(f));
    union { double d; uint64_t u; } bits = { f };
    EQ((uint32_t)bits.u, 0);
    uc->uc_mcontext.uc_regs->gregs[PT_NIP] += 4;
}

#define OPERATION(what, a_, b_, wanted) do { \
    volatile double a = (a_), b = (b_); double r = 42, x = a, y = b; \
    hits = 0; feclearexcept(FE_ALL_EXCEPT); \
    asm volatile(what " %0,%1,%2" : "+d"(r) : "d"(x), "d"(y)); \
    EQ(hits, (wanted) != 0); \
    if ((wanted) != 0) EQ(code, wanted); \
} while (0)

int main(void)
{
    struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
    sigaction(SIGFPE, &sa, 0);

    OPERATION("fdiv", 1.0, 0.0, 0);
    feenableexcept(FE_DIVBYZERO);
    CHECK(fegetexcept() == FE_DIVBYZERO);
    OPERATION("fdiv", 1.0, 0.0, FPE_FLTDIV);
    OPERATION("fdiv", 0.0, 0.0, 0);
    OPERATION("fdiv", 1.0, 3.0, 0);
    OPERATION("fmul", 1e300, 1e300, 0);
    feenableexcept(FE_INVALID);
    OPERATION("fdiv", 0.0, 0.0, FPE_FLTINV);
    OPERATION("fsub", INFINITY, INFINITY, FPE_FLTINV);
    OPERATION("fmul", INFINITY, 0.0, FPE_FLTINV);
    OPERATION("fadd", NAN, 1.0, 0);
    feenableexcept(FE_OVERFLOW);
    OPERATION("fmul", 1e300, 1e300, FPE_FLTOVF);
    feenableexcept(FE_UNDERFLOW);
    OPERATION("fmul", 1e-300, 1e-300, FPE_FLTUND);
    OPERATION("fadd", 1.0, 1e-20, 0);
    feenableexcept(FE_INEXACT);
    OPERATION("fadd", 1.0, 1e-20, FPE_FLTRES);
    OPERATION("fadd", 1.0, 2.0, 0);
    fedisableexcept(FE_ALL_EXCEPT);
    OPERATION("fmul", 1e300, 1e300, 0);
    OPERATION("fdiv", 0.0, 0.0, 0);
    EQ(wrong_pc, 0);
    return guest_done();
}
