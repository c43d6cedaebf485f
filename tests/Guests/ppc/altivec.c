// cc: -O2 -maltivec -lm
// cc[static]: -O2 -maltivec -static -lm
// AltiVec operations through intrinsics against the same written out in C, on many random vectors; saturation is sticky in VSCR.
#include "guest.h"
#include <altivec.h>
#undef bool
#undef pixel

typedef union {
    vector unsigned char v; vector signed char vs; vector unsigned short vh; vector signed short vsh; vector unsigned int vw; vector signed int vsw; vector float vf;
    uint8_t b[16]; int8_t sb[16]; uint16_t h[8]; int16_t sh[8]; uint32_t w[4]; int32_t sw[4]; float f[4];
} V;

static uint32_t seed = 12345;
static uint32_t next(void) { return seed = seed * 1664525 + 1013904223; }
static V any(void) { V x; for (int i = 0; i < 4; i++) x.w[i] = next() ^ next() >> 16; return x; }
static int64_t clamp(int64_t x, int64_t low, int64_t high) { return x < low ? low : x > high ? high : x; }

#define EACH(n, what) do { V want; for (int i = 0; i < n; i++) { what; } guest_check(memcmp(&got, &want, 16) == 0, #what, __LINE__); } while (0)

int main(void)
{
    for (int round = 0; round < 300; round++) {
        V a = any(), b = any(), c = any(), got;
        got.v = vec_add(a.v, b.v); EACH(16, want.b[i] = a.b[i] + b.b[i]);
        got.v = vec_adds(a.v, b.v); EACH(16, want.b[i] = clamp(a.b[i] + b.b[i], 0, 255));
        got.vs = vec_adds(a.vs, b.vs); EACH(16, want.sb[i] = clamp(a.sb[i] + b.sb[i], -128, 127));
        got.vsh = vec_subs(a.vsh, b.vsh); EACH(8, want.sh[i] = clamp(a.sh[i] - b.sh[i], -32768, 32767));
        got.vw = vec_subs(a.vw, b.vw); EACH(4, want.w[i] = a.w[i] < b.w[i] ? 0 : a.w[i] - b.w[i]);
        got.vsw = vec_adds(a.vsw, b.vsw); EACH(4, want.sw[i] = clamp((int64_t)a.sw[i] + b.sw[i], INT32_MIN, INT32_MAX));
        got.vw = vec_addc(a.vw, b.vw); EACH(4, want.w[i] = ((uint64_t)a.w[i] + b.w[i]) >> 32);
        got.v = vec_avg(a.v, b.v); EACH(16, want.b[i] = (a.b[i] + b.b[i] + 1) >> 1);
        got.vsh = vec_max(a.vsh, b.vsh); EACH(8, want.sh[i] = a.sh[i] > b.sh[i] ? a.sh[i] : b.sh[i]);
        got.vw = vec_min(a.vw, b.vw); EACH(4, want.w[i] = a.w[i] < b.w[i] ? a.w[i] : b.w[i]);
        got.vh = vec_mule(a.v, b.v); EACH(8, want.h[i] = a.b[2 * i] * b.b[2 * i]);
        got.vsh = vec_mulo(a.vs, b.vs); EACH(8, want.sh[i] = a.sb[2 * i + 1] * b.sb[2 * i + 1]);
        got.vsh = vec_madds(a.vsh, b.vsh, c.vsh); EACH(8, want.sh[i] = clamp((a.sh[i] * b.sh[i] >> 15) + c.sh[i], -32768, 32767));
        got.vsh = vec_mradds(a.vsh, b.vsh, c.vsh); EACH(8, want.sh[i] = clamp(((a.sh[i] * b.sh[i] + 0x4000) >> 15) + c.sh[i], -32768, 32767));
        got.vh = vec_mladd(a.vh, b.vh, c.vh); EACH(8, want.h[i] = a.h[i] * b.h[i] + c.h[i]);
        got.vsw = vec_msum(a.vsh, b.vsh, c.vsw); EACH(4, want.w[i] = (uint32_t)(a.sh[2 * i] * b.sh[2 * i]) + (uint32_t)(a.sh[2 * i + 1] * b.sh[2 * i + 1]) + c.w[i]);
        got.vw = vec_msum(a.v, b.v, c.vw); EACH(4, want.w[i] = c.w[i]; for (int j = 4 * i; j < 4 * i + 4; j++) want.w[i] += a.b[j] * b.b[j]);
        got.vsw = vec_sums(a.vsw, b.vsw); EACH(4, want.sw[i] = i < 3 ? 0 : clamp((int64_t)a.sw[0] + a.sw[1] + a.sw[2] + a.sw[3] + b.sw[3], INT32_MIN, INT32_MAX));
        got.vw = vec_sum4s(a.v, b.vw); EACH(4, want.w[i] = clamp((uint64_t)b.w[i] + a.b[4 * i] + a.b[4 * i + 1] + a.b[4 * i + 2] + a.b[4 * i + 3], 0, UINT32_MAX));
        got.v = vec_sl(a.v, b.v); EACH(16, want.b[i] = a.b[i] << (b.b[i] & 7));
        got.vsh = vec_sra(a.vsh, b.vh); EACH(8, want.sh[i] = a.sh[i] >> (b.sh[i] & 15));
        got.vw = vec_rl(a.vw, b.vw); EACH(4, want.w[i] = a.w[i] << (b.w[i] & 31) | a.w[i] >> (-b.w[i] & 31));
        got.v = vec_perm(a.v, b.v, c.v); EACH(16, want.b[i] = c.b[i] & 16 ? b.b[c.b[i] & 15] : a.b[c.b[i] & 15]);
        got.v = vec_sel(a.v, b.v, c.v); EACH(16, want.b[i] = (a.b[i] & ~c.b[i]) | (b.b[i] & c.b[i]));
        got.v = vec_sld(a.v, b.v, 5); EACH(16, want.b[i] = i < 11 ? a.b[i + 5] : b.b[i - 11]);
        got.v = vec_mergeh(a.v, b.v); EACH(16, want.b[i] = i & 1 ? b.b[i / 2] : a.b[i / 2]);
        got.vh = vec_mergel(a.vh, b.vh); EACH(8, want.h[i] = i & 1 ? b.h[4 + i / 2] : a.h[4 + i / 2]);
        got.v = vec_pack(a.vh, b.vh); EACH(16, want.b[i] = i < 8 ? a.h[i] : b.h[i - 8]);
        got.v = vec_packsu(a.vsh, b.vsh); EACH(16, want.b[i] = clamp(i < 8 ? a.sh[i] : b.sh[i - 8], 0, 255));
        got.vsh = vec_packs(a.vsw, b.vsw); EACH(8, want.sh[i] = clamp(i < 4 ? a.sw[i] : b.sw[i - 4], -32768, 32767));
        got.vsh = vec_unpackh(a.vs); EACH(8, want.sh[i] = a.sb[i]);
        got.vsw = vec_unpackl(a.vsh); EACH(4, want.sw[i] = a.sh[i + 4]);
        got.v = vec_splat(a.v, 3); EACH(16, want.b[i] = a.b[3]);
        got.vw = (vector unsigned int)vec_cmpgt(a.vsw, b.vsw); EACH(4, want.w[i] = -(a.sw[i] > b.sw[i]));
        got.v = vec_nor(a.v, b.v); EACH(16, want.b[i] = ~(a.b[i] | b.b[i]));
        got.v = vec_sll(a.v, vec_splat_u8(3)); EACH(16, want.b[i] = a.b[i] << 3 | (i < 15 ? a.b[i + 1] >> 5 : 0));
        got.v = vec_sro(a.v, vec_splat_u8(8)); EACH(16, want.b[i] = i < 1 ? 0 : a.b[i - 1]);
        CHECK(vec_any_gt(a.v, b.v) == !vec_all_le(a.v, b.v));

        V x, y, z;
        for (int i = 0; i < 4; i++) {
            x.f[i] = (int32_t)next() / 65536.0f;
            y.f[i] = (int32_t)next() / 65536.0f;
            z.f[i] = (int32_t)next() * 3.0f;
        }
        got.vf = vec_add(x.vf, y.vf); EACH(4, want.f[i] = x.f[i] + y.f[i]);
        got.vf = vec_sub(x.vf, y.vf); EACH(4, want.f[i] = x.f[i] - y.f[i]);
        got.vf = vec_madd(x.vf, y.vf, z.vf); EACH(4, want.f[i] = __builtin_fmaf(x.f[i], y.f[i], z.f[i]));
        got.vf = vec_nmsub(x.vf, y.vf, z.vf); EACH(4, want.f[i] = -__builtin_fmaf(x.f[i], y.f[i], -z.f[i]));
        got.vf = vec_max(x.vf, y.vf); EACH(4, want.f[i] = x.f[i] > y.f[i] ? x.f[i] : y.f[i]);
        got.vsw = vec_cts(x.vf, 4); EACH(4, want.sw[i] = (int32_t)clamp((int64_t)(x.f[i] * 16), INT32_MIN, INT32_MAX));
        got.vf = vec_ctf(a.vsw, 3); EACH(4, want.f[i] = a.sw[i] / 8.0f);
        got.vf = vec_trunc(x.vf); EACH(4, want.f[i] = __builtin_truncf(x.f[i]));
        got.vf = vec_floor(x.vf); EACH(4, want.f[i] = __builtin_floorf(x.f[i]));
        got.vw = (vector unsigned int)vec_cmpge(x.vf, y.vf); EACH(4, want.w[i] = -(x.f[i] >= y.f[i]));
        V estimate = { .vf = vec_re(z.vf) }, root = { .vf = vec_rsqrte(vec_abs(z.vf)) };
        for (int i = 0; i < 4; i++) {
            CHECK(z.f[i] == 0 || __builtin_fabsf(estimate.f[i] * z.f[i] - 1) <= 1.0f / 4096);
            CHECK(z.f[i] == 0 || __builtin_fabsf(root.f[i] * root.f[i] * __builtin_fabsf(z.f[i]) - 1) <= 1.0f / 2040);
        }
    }

    /* Unaligned data, the way AltiVec code reads it. */
    uint8_t bytes[64];
    for (int i = 0; i < 64; i++)
        bytes[i] = i * 3;
    for (int i = 0; i < 16; i++) {
        V low = { .v = vec_ld(i, bytes) }, high = { .v = vec_ld(i + 15, bytes) }, got;
        got.v = vec_perm(low.v, high.v, vec_lvsl(i, bytes));
        CHECK(memcmp(&got, bytes + i, 16) == 0);
    }
    V e = { .v = vec_splat_u8(0) };
    static uint32_t words[8] __attribute__((aligned(16)));
    e.vw = vec_splat_u32(5);
    vec_ste(e.vw, 12, words);
    EQ(words[3], 5);
    EQ(words[2], 0);

    vec_mtvscr(vec_splat_u16(0));
    EQ(vec_extract(vec_mfvscr(), 7), 0);
    V big = { .v = vec_splat_u8(-1) };
    vector unsigned char sum = vec_adds(big.v, big.v);
    asm volatile("" : : "v"(sum));
    EQ(vec_extract(vec_mfvscr(), 7) & 1, 1);
    /* Denormals are kept after NJ was cleared, and flushed with it set. */
    V d = { .w = { 1, 0x807fffff, 0x00400000, 0x3f800000 } }, zero = { .w = { 0, 0, 0, 0 } }, kept;
    asm volatile("vaddfp %0,%1,%2" : "=v"(kept.v) : "v"(d.v), "v"(zero.v));
    CHECK(memcmp(&kept, &d, 16) == 0);
    V nj = { .w = { 0, 0, 0, 0x10000 } };
    vec_mtvscr(nj.vw);
    asm volatile("vaddfp %0,%1,%2" : "=v"(kept.v) : "v"(d.v), "v"(zero.v));
    EQ(kept.w[0], 0);
    EQ(kept.w[1] & 0x7fffffff, 0);
    EQ(kept.w[3], 0x3f800000);
    return guest_done();
}
