// cc: -O1 -frounding-math -ffp-contract=off -lm
// cc[static]: -O1 -frounding-math -ffp-contract=off -static -lm
// Rounding modes and exception flags through <fenv.h>, FPSCR's result flags, conversions to integers, what printf and libm make of them.
#include "guest.h"
#include <fenv.h>
#include <math.h>

static const int modes[] = { FE_TONEAREST, FE_TOWARDZERO, FE_UPWARD, FE_DOWNWARD };

static uint32_t fpscr(void)
{
    union { double d; uint64_t u; } f;
    asm volatile("mffs %0" : "=d"(f.d));
    return (uint32_t)f.u & ~0x00040000; /* FR is left out: references differ in it */
}

static int32_t fctiw(double x, int truncate)
{
    union { double d; uint64_t u; } f;
    if (truncate)
        asm volatile("fctiwz %0,%1" : "=d"(f.d) : "d"(x));
    else
        asm volatile("fctiw %0,%1" : "=d"(f.d) : "d"(x));
    return (int32_t)f.u;
}

int main(void)
{
    static const double values[] = { 0.5, 1.5, -1.5, 2.5, 1e10, -1e10, 0.1, -0.0, NAN, INFINITY, 2147483647.5, -2147483648.5 };
    volatile double third_a = 1, third_b = 3, tiny = 1e-308, huge = 1e308;
    for (int m = 0; m < 4; m++) {
        EQ(fesetround(modes[m]), 0);
        EQ(fegetround(), modes[m]);
        feclearexcept(FE_ALL_EXCEPT);
        volatile double q = third_a / third_b;
        volatile float s = (float)third_a / (float)third_b;
        printf("mode %d: %a %a flags %x\n", m, q, s, fetestexcept(FE_ALL_EXCEPT) != 0);
        for (unsigned i = 0; i < sizeof values / sizeof *values; i++) {
            feclearexcept(FE_ALL_EXCEPT);
            int32_t a = fctiw(values[i], 0);
            int fa = fpscr() & 0xfe0a0100;
            feclearexcept(FE_ALL_EXCEPT);
            int32_t b = fctiw(values[i], 1);
            printf("  %g: %d %08x %d %g\n", values[i], a, fa, b, rint(values[i]));
        }
        printf("  %.3f %.0f %.0f\n", 0.0005, 0.5, 2.5);
    }
    fesetround(FE_TONEAREST);
    struct { const char *name; double a, b; int op; } cases[] = {
        { "inexact", 1, 3, '/' }, { "exact", 1, 2, '/' }, { "zero divide", -1, 0, '/' }, { "invalid 0/0", 0, 0, '/' }, { "inf-inf", INFINITY, INFINITY, '-' },
        { "inf*0", INFINITY, 0, '*' }, { "overflow", 1e308, 10, '*' }, { "underflow", 1e-308, 1e-10, '*' }, { "denormal", 1e-308, 0.5, '*' }, { "cancel", 1.5, 1.5, '-' },
        { "negative", 1, 2, '-' }, { "nan", NAN, 1, '+' },
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        double a = cases[i].a, b = cases[i].b, r;
        feclearexcept(FE_ALL_EXCEPT);
        switch (cases[i].op) {
        case '/': asm volatile("fdiv %0,%1,%2" : "=d"(r) : "d"(a), "d"(b)); break;
        case '*': asm volatile("fmul %0,%1,%2" : "=d"(r) : "d"(a), "d"(b)); break;
        case '-': asm volatile("fsub %0,%1,%2" : "=d"(r) : "d"(a), "d"(b)); break;
        default: asm volatile("fadd %0,%1,%2" : "=d"(r) : "d"(a), "d"(b)); break;
        }
        uint32_t f = fpscr();
        printf("%-12s %a fpscr %08x\n", cases[i].name, r, f);
    }
    fenv_t saved;
    feholdexcept(&saved);
    volatile double x = tiny * tiny + huge * huge;
    (void)x;
    CHECK(fetestexcept(FE_OVERFLOW) != 0 && fetestexcept(FE_UNDERFLOW) != 0);
    feupdateenv(&saved);
    CHECK(fetestexcept(FE_OVERFLOW) != 0);
    fesetenv(FE_DFL_ENV);
    EQ(fetestexcept(FE_ALL_EXCEPT), 0);
    printf("%.15g %.15g %.15g %.15g\n", sin(1e6), pow(1.1, 100), fma(1e16, 1e16, -1e32), cbrt(2));
    printf("%.15g %.15g %d %d\n", nearbyint(2.5), remainder(7, 2.5), ilogb(1e-310), (int)lrint(-2.5));
    return guest_done();
}
