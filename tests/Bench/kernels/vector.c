// Vectors: SSE and AVX2 floating point, SSE and AVX2 integers.
#include "kernel.h"
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,fma")))
#define SSE __attribute__((target("sse4.2")))

static float fa[4096] __attribute__((aligned(64))), fb[4096] __attribute__((aligned(64)));
static uint8_t ia[65536] __attribute__((aligned(64))), ib[65536] __attribute__((aligned(64)));

static void prepare(void)
{
    uint64_t s = 11;
    for (int i = 0; i < 4096; i++) {
        fa[i] = (float)(next_random(&s) % 1000) / 1000;
        fb[i] = (float)(next_random(&s) % 1000) / 2000;
    }
    for (int i = 0; i < 65536; i++) {
        ia[i] = (uint8_t)next_random(&s);
        ib[i] = (uint8_t)next_random(&s);
    }
}

SSE static uint64_t sse_float(void)
{
    prepare();
    __m128 sum = _mm_setzero_ps(), scale = _mm_set1_ps(0.5f);
    for (int round = 0; round < 50000; round++)
        for (int i = 0; i < 4096; i += 4) {
            __m128 x = _mm_load_ps(fa + i), y = _mm_load_ps(fb + i);
            sum = _mm_add_ps(_mm_mul_ps(sum, scale), _mm_max_ps(_mm_mul_ps(x, y), _mm_sub_ps(x, y)));
        }
    return (uint64_t)(sum[0] * 1e6f) + (uint64_t)(sum[3] * 1e6f);
}

AVX2 static uint64_t avx_float(void)
{
    prepare();
    __m256 s0 = _mm256_setzero_ps(), s1 = s0, scale = _mm256_set1_ps(0.5f);
    for (int round = 0; round < 130000; round++)
        for (int i = 0; i < 4096; i += 16) {
            s0 = _mm256_fmadd_ps(s0, scale, _mm256_mul_ps(_mm256_load_ps(fa + i), _mm256_load_ps(fb + i)));
            s1 = _mm256_fmadd_ps(s1, scale, _mm256_max_ps(_mm256_load_ps(fa + i + 8), _mm256_load_ps(fb + i + 8)));
        }
    s0 = _mm256_add_ps(s0, s1);
    return (uint64_t)(s0[0] * 1e6f) + (uint64_t)(s0[7] * 1e6f);
}

AVX2 static uint64_t avx_double(void)
{
    /* Mandelbrot, four points at a time. */
    uint64_t total = 0;
    for (int y = 0; y < 900; y++)
        for (int x = 0; x < 900; x += 4) {
            __m256d cr = _mm256_set_pd((x + 3) / 450.0 - 1.5, (x + 2) / 450.0 - 1.5, (x + 1) / 450.0 - 1.5, x / 450.0 - 1.5), ci = _mm256_set1_pd(y / 450.0 - 1), zr = cr, zi = ci;
            int n = 0;
            for (; n < 200; n++) {
                __m256d r2 = _mm256_mul_pd(zr, zr), i2 = _mm256_mul_pd(zi, zi);
                int inside = _mm256_movemask_pd(_mm256_cmp_pd(_mm256_add_pd(r2, i2), _mm256_set1_pd(4), _CMP_LT_OQ));
                if (!inside)
                    break;
                total += __builtin_popcount(inside);
                zi = _mm256_add_pd(_mm256_mul_pd(_mm256_add_pd(zr, zr), zi), ci);
                zr = _mm256_add_pd(_mm256_sub_pd(r2, i2), cr);
            }
        }
    return total;
}

SSE static uint64_t sse_integer(void)
{
    prepare();
    __m128i h = _mm_setzero_si128(), shuffle = _mm_set_epi8(3, 7, 1, 0, 9, 14, 2, 5, 12, 11, 15, 4, 8, 6, 13, 10);
    for (int round = 0; round < 20000; round++)
        for (int i = 0; i < 65536; i += 16) {
            __m128i x = _mm_load_si128((__m128i *)(ia + i)), y = _mm_load_si128((__m128i *)(ib + i));
            h = _mm_add_epi32(_mm_xor_si128(h, _mm_shuffle_epi8(x, shuffle)), _mm_sad_epu8(x, y));
        }
    return (uint64_t)h[0] ^ (uint64_t)h[1];
}

AVX2 static uint64_t avx_integer(void)
{
    prepare();
    __m256i h = _mm256_setzero_si256();
    for (int round = 0; round < 36000; round++)
        for (int i = 0; i < 65536; i += 32) {
            __m256i x = _mm256_load_si256((__m256i *)(ia + i)), y = _mm256_load_si256((__m256i *)(ib + i));
            h = _mm256_add_epi32(h, _mm256_madd_epi16(_mm256_max_epi16(x, y), _mm256_srli_epi16(x, 3)));
            h = _mm256_sub_epi8(h, _mm256_cmpgt_epi8(x, y));
        }
    return (uint64_t)h[0] ^ (uint64_t)h[3];
}

int main(int argc, char **argv)
{
    static const struct kernel kernels[] = { { "sse-float", sse_float }, { "avx2-float", avx_float }, { "avx2-double", avx_double }, { "sse-integer", sse_integer }, { "avx2-integer", avx_integer }, { 0 } };
    return run_kernel(kernels, argc, argv);
}
