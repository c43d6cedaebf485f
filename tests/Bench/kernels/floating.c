// Scalar floating point: n-body, matrix product, divisions and square roots, a polynomial in single precision.
#include "kernel.h"
#include <math.h>

static uint64_t bits(double d)
{
    uint64_t u;
    memcpy(&u, &d, 8);
    return u;
}

static uint64_t nbody(void)
{
    double p[5][3], v[5][3], m[5];
    uint64_t s = 17;
    for (int i = 0; i < 5; i++) {
        m[i] = 1.0 / (i + 1);
        for (int k = 0; k < 3; k++) {
            p[i][k] = (double)(next_random(&s) % 1000) / 50;
            v[i][k] = (double)(next_random(&s) % 1000) / 5000;
        }
    }
    for (int step = 0; step < 700000; step++) {
        for (int i = 0; i < 5; i++)
            for (int j = i + 1; j < 5; j++) {
                double dx = p[i][0] - p[j][0], dy = p[i][1] - p[j][1], dz = p[i][2] - p[j][2], d2 = dx * dx + dy * dy + dz * dz + 0.01, f = 0.001 / (d2 * sqrt(d2));
                v[i][0] -= dx * m[j] * f; v[i][1] -= dy * m[j] * f; v[i][2] -= dz * m[j] * f;
                v[j][0] += dx * m[i] * f; v[j][1] += dy * m[i] * f; v[j][2] += dz * m[i] * f;
            }
        for (int i = 0; i < 5; i++)
            for (int k = 0; k < 3; k++)
                p[i][k] += 0.001 * v[i][k];
    }
    return bits(p[0][0] + p[4][2]);
}

static uint64_t matmul(void)
{
    enum { N = 256 };
    static double a[N][N], b[N][N], c[N][N];
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            a[i][j] = (i * 3 + j) % 17 - 8;
            b[i][j] = (i + j * 5) % 13 - 6;
        }
    for (int round = 0; round < 5; round++)
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++) {
                double sum = c[i][j];
                for (int k = 0; k < N; k++)
                    sum += a[i][k] * b[k][j];
                c[i][j] = sum;
            }
    double total = 0;
    for (int i = 0; i < N; i++)
        total += c[i][(i * 7) % N];
    return bits(total);
}

static uint64_t divide(void)
{
    double x = 1, y = 0;
    for (int i = 1; i < 12000000; i++) {
        x = 1 / (x + 0.5) + i % 3;
        y += sqrt(x);
    }
    return bits(x + y);
}

static uint64_t single(void)
{
    float sum = 0;
    for (int i = 0; i < 40000000; i++) {
        float x = (float)(i & 1023) * 0.001f;
        sum = sum * 0.999f + (((x * 0.3f + 0.2f) * x - 1.1f) * x + 0.7f);
    }
    return bits(sum);
}

int main(int argc, char **argv)
{
    static const struct kernel kernels[] = { { "nbody", nbody }, { "matmul", matmul }, { "divide", divide }, { "single", single }, { 0 } };
    return run_kernel(kernels, argc, argv);
}
