// x87: a long double recurrence and its transcendental instructions.
#include "kernel.h"
#include <math.h>

static uint64_t bits(long double v)
{
    uint64_t u;
    memcpy(&u, &v, 8);
    return u;
}

static uint64_t arithmetic(void)
{
    long double a[64], x = 0.5L, sum = 0;
    for (int i = 0; i < 64; i++)
        a[i] = 1.0L / (i + 3);
    for (int i = 0; i < 300000; i++)
        for (int k = 0; k < 64; k++) {
            x = x * a[k] + 0.25L - a[63 - k];
            sum += x;
        }
    return bits(sum);
}

static uint64_t functions(void)
{
    long double sum = 0;
    for (int i = 1; i < 1200000; i++) {
        long double x = i * 0.001L, s, c;
        __asm__("fsincos" : "=t"(c), "=u"(s) : "0"(x));
        sum += s * c + sqrtl(x);
        __asm__("fyl2x" : "=t"(s) : "0"(x), "u"(1.0L) : "st(1)");
        sum += s;
    }
    return bits(sum);
}

int main(int argc, char **argv)
{
    static const struct kernel kernels[] = { { "arithmetic", arithmetic }, { "functions", functions }, { 0 } };
    return run_kernel(kernels, argc, argv);
}
