// Memory: stream triad, pointer chase, memcpy of many sizes.
#include "kernel.h"

static uint64_t triad(void)
{
    enum { N = 1 << 20 };
    double *a = malloc(N * 8), *b = malloc(N * 8), *c = malloc(N * 8);
    for (int i = 0; i < N; i++) {
        b[i] = i;
        c[i] = i * 0.5;
    }
    for (int round = 0; round < 60; round++)
        for (int i = 0; i < N; i++)
            a[i] = b[i] + 3.0 * c[i] + round;
    uint64_t h = 0;
    for (int i = 0; i < N; i += 1000)
        h = h * 31 + (uint64_t)a[i];
    return h;
}

static uint64_t chase(void)
{
    enum { N = 1 << 18 };
    uint32_t *next = malloc(N * 4);
    uint64_t s = 3;
    for (uint32_t i = 0; i < N; i++)
        next[i] = i;
    for (uint32_t i = N - 1; i > 0; i--) {
        uint32_t k = next_random(&s) % i, t = next[i];
        next[i] = next[k];
        next[k] = t;
    }
    uint32_t at = 0;
    uint64_t h = 0;
    for (int i = 0; i < 20000000; i++) {
        at = next[at];
        h += at;
    }
    return h;
}

static uint64_t copy(void)
{
    enum { N = 1 << 20 };
    static uint8_t from[N + 64], to[N + 64];
    uint64_t s = 5, h = 0;
    for (int i = 0; i < N; i++)
        from[i] = (uint8_t)(i * 7);
    for (int i = 0; i < 300; i++) {
        memcpy(to + (i & 15), from + (i >> 4 & 15), N);
        h = h * 31 + to[(next_random(&s) & (N - 1)) + 15];
    }
    for (int i = 0; i < 7000000; i++) {
        uint64_t r = next_random(&s);
        memcpy(to + (r & 4095), from + (r >> 12 & 4095), r >> 24 & 127);
        h += to[r & 4095];
    }
    return h;
}

int main(int argc, char **argv)
{
    static const struct kernel kernels[] = { { "triad", triad }, { "chase", chase }, { "copy", copy }, { 0 } };
    return run_kernel(kernels, argc, argv);
}
