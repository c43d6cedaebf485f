// cc[O0]: -O0
// cc[O2]: -O2
// cc[O3-native]: -O3 -march=native -ffp-contract=off
// 100 000 iterations of mixed integer, floating-point, string, sorting, allocation and indirect-call work; digests printed along the way.
#include "guest.h"

static uint64_t seed = 42;

static int op_add(int a, int b) { return (int)((unsigned)a + (unsigned)b); }
static int op_sub(int a, int b) { return (int)((unsigned)a - (unsigned)b); }
static int op_mul(int a, int b) { return (int)((unsigned)a * (unsigned)b); }
static int op_div(int a, int b) { return b == 0 || b == -1 ? a : a / b; }
static int op_mod(int a, int b) { return b == 0 || b == -1 ? b : a % b; }
static int op_rot(int a, int b) { b &= 31; return (int)((unsigned)a << b | (unsigned)a >> (-b & 31)); }
static int (*const ops[])(int, int) = { op_add, op_sub, op_mul, op_div, op_mod, op_rot };

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

int main(void)
{
    uint64_t h = 0;
    int acc = 1;
    double f = 0.5;
    char text[64];
    static uint32_t list[256];
    void *blocks[64] = { 0 };
    for (int i = 0; i < 100000; i++) {
        uint64_t r = guest_random(&seed);
        acc = ops[r % 6](acc, (int)(r >> 32));
        h = h * 0x100000001b3 ^ (uint32_t)acc;
        f = f * 3.7 * (1 - f);
        switch (r >> 8 & 15) {
        case 0: h += __builtin_popcountll(r); break;
        case 1: h ^= r << (r & 63); break;
        case 2: h += __builtin_ctzll(r | 1ull << 63); break;
        case 3: h = h >> 7 | h << 57; break;
        case 4: h += (uint64_t)((__uint128_t)h * r >> 64); break;
        case 5: h ^= (uint64_t)(f * 1e6); break;
        default: break;
        }
        list[i & 255] = (uint32_t)r;
        if (i % 1000 == 999) {
            qsort(list, 256, sizeof *list, compare);
            h = guest_hash(h, list, sizeof list);
            snprintf(text, sizeof text, "%d %x %.12g", acc, (unsigned)h, f);
            h ^= strlen(text) + strtoul(text + 1, NULL, 10);
        }
        if (i % 10 == 0) {
            int k = (int)(r >> 40 & 63);
            free(blocks[k]);
            blocks[k] = calloc(1, r >> 50 & 1023);
        }
        if (i % 20000 == 19999)
            printf("%d: %016llx %d %.12f\n", i + 1, (unsigned long long)h, acc, f);
    }
    return guest_done();
}
