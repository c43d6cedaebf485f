// Vectors of 16 bytes as the compiler's own extension has them, so that the same source is AltiVec code on PowerPC and SSE code on x86.
#include "kernel.h"

typedef int32_t words __attribute__((vector_size(16)));
typedef uint32_t uwords __attribute__((vector_size(16)));
typedef int16_t halves __attribute__((vector_size(16)));
typedef uint8_t bytes __attribute__((vector_size(16)));
typedef float floats __attribute__((vector_size(16)));

enum { N = 1024 };

static uint64_t simd_integer(void)
{
    static words a[N], b[N];
    for (int i = 0; i < N; i++)
        for (int k = 0; k < 4; k++) {
            a[i][k] = i * 2654435761u + k;
            b[i][k] = i * 40503 - k * 7;
        }
    for (int round = 0; round < 20000; round++)
        for (int i = 0; i < N; i++) {
            words larger = a[i] > b[i];
            a[i] = (a[i] & larger) + (b[i] ^ (words)((uwords)a[i] >> 3)) - (words){1, 2, 3, 4};
        }
    uint64_t sum = 0;
    for (int i = 0; i < N; i++)
        for (int k = 0; k < 4; k++)
            sum = sum * 31 + (uint32_t)a[i][k];
    return sum;
}

static uint64_t simd_halves(void)
{
    static halves a[N];
    for (int i = 0; i < N; i++)
        for (int k = 0; k < 8; k++)
            a[i][k] = i * 17 + k * 3;
    halves sum = {0};
    for (int round = 0; round < 30000; round++)
        for (int i = 0; i < N; i++) {
            sum += a[i] - (sum >> 2);
            sum ^= a[i] << 1;
        }
    uint64_t result = 0;
    for (int k = 0; k < 8; k++)
        result = result * 131 + (uint16_t)sum[k];
    return result;
}

static uint64_t simd_shuffle(void)
{
    static bytes a[N];
    for (int i = 0; i < N; i++)
        for (int k = 0; k < 16; k++)
            a[i][k] = i * 7 + k * 13;
    const bytes order = {3, 0, 2, 1, 7, 4, 6, 5, 11, 8, 10, 9, 15, 12, 14, 13};
    bytes sum = {0};
    for (int round = 0; round < 30000; round++)
        for (int i = 0; i < N; i++)
            sum = __builtin_shuffle(sum + a[i], order) ^ a[i];
    uint64_t result = 0;
    for (int k = 0; k < 16; k++)
        result = result * 131 + sum[k];
    return result;
}

static uint64_t simd_float(void)
{
    static floats a[N], b[N];
    for (int i = 0; i < N; i++)
        for (int k = 0; k < 4; k++) {
            a[i][k] = (float)(i % 97) / 64;
            b[i][k] = (float)(k + 1) / 8;
        }
    for (int round = 0; round < 10000; round++)
        for (int i = 0; i < N; i++)
            a[i] = a[i] * (floats){0.5f, 0.25f, 0.5f, 0.75f} + b[i];
    uint64_t result = 0;
    for (int i = 0; i < N; i++)
        for (int k = 0; k < 4; k++) {
            uint32_t u;
            float f = a[i][k];
            memcpy(&u, &f, 4);
            result = result * 31 + u;
        }
    return result;
}

int main(int argc, char **argv)
{
    static const struct kernel kernels[] = {
        {"simd-integer", simd_integer}, {"simd-halves", simd_halves}, {"simd-shuffle", simd_shuffle}, {"simd-float", simd_float}, {0},
    };
    return run_kernel(kernels, argc, argv);
}
