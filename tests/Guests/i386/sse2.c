// cc: -O1 -msse2 -static
// One SSE2 instruction, and what cpuid says of it; -cpu models without SSE2 refuse it.
#include "guest.h"
#include <cpuid.h>
#include <emmintrin.h>

int main(void)
{
    unsigned a, b, c, d = 0;
    CHECK(__get_cpuid(1, &a, &b, &c, &d));
    printf("sse2 %u\n", d >> 26 & 1);
    fflush(stdout);
    volatile long long in = 20;
    __m128i x = _mm_set1_epi64x(in);
    asm volatile("paddq %0, %0" : "+x"(x));
    long long out;
    _mm_storel_epi64((__m128i *)&out, x);
    printf("%lld\n", out);
    return guest_done();
}
