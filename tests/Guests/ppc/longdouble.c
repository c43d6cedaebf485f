// cc: -O2 -lm
// cc[static]: -O2 -static -lm
// long double in IBM format: two doubles whose sum is the value.
#include "guest.h"
#include <float.h>
#include <math.h>

static void show(const char *what, long double x)
{
    union { long double l; uint64_t u[2]; } bits = { x };
    printf("%-12s %016llx %016llx %.31Lg\n", what, (unsigned long long)bits.u[0], (unsigned long long)bits.u[1], x);
}

int main(void)
{
    volatile long double one = 1, three = 3, tiny = 0x1p-100L, big = 1e300L;
    EQ(sizeof(long double), 16);
    EQ(LDBL_MANT_DIG, 106);
    show("1/3", one / three);
    show("1+2^-100", one + tiny);
    show("(1+t)-1", (one + tiny) - one);
    show("1e300*3", big * three);
    show("1e300^2", big * big);
    show("0/0 nan", isnan((one - one) / (three - three)) ? one : three);
    show("sqrt 2", sqrtl(2 * one));
    show("exp 1", expl(one));
    show("pi", atanl(one) * 4);
    show("pow", powl(three, one / three));
    show("fma", fmal(one / three, three, -one));
    show("to int", (long double)(long long)(big / 1e285L));
    show("from u64", (long double)UINT64_MAX);
    show("strtold", strtold("3.14159265358979323846264338327950288", 0));
    show("max", LDBL_MAX);
    show("min", LDBL_MIN);
    long double sum = 0;
    for (int i = 1; i < 10000; i++)
        sum += one / i;
    show("harmonic", sum);
    printf("%La %Lf %Le\n", one / three, 1e20L / three, tiny);
    printf("%lld %llu\n", (long long)(-three * 1e18L), (unsigned long long)(three * 5e18L));
    CHECK(one + tiny > one);
    CHECK(!(one + tiny < one));
    return guest_done();
}
