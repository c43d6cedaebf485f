// AES-NI, SHA-NI and carry-less multiplication.
#include "kernel.h"
#include <immintrin.h>

__attribute__((target("aes,sse4.1"))) static uint64_t aes(void)
{
    __m128i k = _mm_set_epi64x(0x0123456789abcdef, 0x0fedcba987654321), b[4];
    for (int i = 0; i < 4; i++)
        b[i] = _mm_set1_epi64x(i);
    for (int i = 0; i < 2500000; i++)
        for (int r = 0; r < 10; r++)
            for (int n = 0; n < 4; n++)
                b[n] = _mm_aesenc_si128(b[n], k);
    return (uint64_t)(b[0][0] ^ b[1][1] ^ b[2][0] ^ b[3][1]);
}

__attribute__((target("sha,sse4.1"))) static uint64_t sha(void)
{
    __m128i x = _mm_set_epi64x(1, 2), y = _mm_set_epi64x(3, 4), m = _mm_set_epi64x(5, 6);
    for (int i = 0; i < 36000000; i++) {
        x = _mm_sha256rnds2_epu32(x, y, m);
        y = _mm_sha256rnds2_epu32(y, x, _mm_shuffle_epi32(m, 0x0e));
        m = _mm_sha256msg1_epu32(m, x);
    }
    return (uint64_t)(x[0] ^ y[1]);
}

__attribute__((target("pclmul,sse4.1"))) static uint64_t clmul(void)
{
    __m128i x = _mm_set_epi64x(0x9e3779b97f4a7c15, 0x0fedcba987654321), k = _mm_set_epi64x(0x1db710641, 0x1c6e41596);
    for (int i = 0; i < 40000000; i++)
        x = _mm_xor_si128(_mm_clmulepi64_si128(x, k, 0x00), _mm_clmulepi64_si128(x, k, 0x11));
    return (uint64_t)(x[0] ^ x[1]);
}

int main(int argc, char **argv)
{
    static const struct kernel kernels[] = { { "aes", aes }, { "sha", sha }, { "clmul", clmul }, { 0 } };
    return run_kernel(kernels, argc, argv);
}
