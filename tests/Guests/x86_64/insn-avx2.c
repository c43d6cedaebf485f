// cc: -O2 -mavx2 -mfma -mbmi -mbmi2 -mlzcnt -mpopcnt -mf16c
// needs: avx2 fma bmi1 bmi2 abm f16c
// AVX2, FMA, F16C, gathers, masked moves, BMI1/2: digest over fixed pseudo-random operands; VEX forms with RIP-relative operands.
#include "guest.h"
#include <immintrin.h>

static uint64_t digest, seed = 1181783497276652981u;
static uint8_t in1[32] __attribute__((aligned(32))), in2[32] __attribute__((aligned(32)));
static int table[64];

#define NOTE(v) do { __typeof__(v) v_ = (v); digest = guest_hash(digest, &v_, sizeof v_); } while (0)
#define VVV(op) do { __m256i r_; asm volatile(op " %2, %1, %0" : "=x"(r_) : "x"(*(__m256i *)in1), "x"(*(__m256i *)in2)); NOTE(r_); \
    asm volatile(op " in2(%%rip), %1, %0" : "=x"(r_) : "x"(*(__m256i *)in1) : "memory"); NOTE(r_); } while (0)
#define VVVI(op, i) do { __m256i r_; asm volatile(op " $" #i ", %2, %1, %0" : "=x"(r_) : "x"(*(__m256i *)in1), "x"(*(__m256i *)in2)); NOTE(r_); \
    asm volatile(op " $" #i ", in2(%%rip), %1, %0" : "=x"(r_) : "x"(*(__m256i *)in1) : "memory"); NOTE(r_); } while (0)

int main(void)
{
    for (int i = 0; i < 64; i++)
        table[i] = (int)guest_random(&seed);
    for (int i = 0; i < 300; i++) {
        for (int k = 0; k < 4; k++) {
            uint64_t a = guest_random(&seed), b = guest_random(&seed);
            memcpy(in1 + 8 * k, &a, 8);
            memcpy(in2 + 8 * k, &b, 8);
        }
        VVV("vpaddb"); VVV("vpsubq"); VVV("vpmulld"); VVV("vpmuludq"); VVV("vpmaddwd"); VVV("vpsadbw"); VVV("vpshufb"); VVV("vpcmpgtq"); VVV("vpunpckhbw"); VVV("vpacksswb");
        VVV("vpsllvd"); VVV("vpsrlvq"); VVV("vpsravd"); VVV("vpermd"); VVV("vpand"); VVV("vpandn"); VVV("vphaddd"); VVV("vpmaxsw"); VVV("vpavgb");
        VVVI("vpalignr", 7); VVVI("vpblendd", 0x5c); VVVI("vperm2i128", 0x31); VVVI("vmpsadbw", 3);
        __m256i x = *(__m256i *)in1, y = *(__m256i *)in2, index = _mm256_and_si256(x, _mm256_set1_epi32(63));
        NOTE(_mm256_i32gather_epi32(table, index, 4));
        NOTE(_mm256_mask_i32gather_epi32(x, table, index, y, 4));
        NOTE(_mm256_i64gather_epi32(table, _mm256_and_si256(index, _mm256_set1_epi64x(63)), 4));
        NOTE(_mm256_permute4x64_epi64(x, 0x1b));
        NOTE(_mm256_movemask_epi8(y));
        NOTE(_mm256_broadcastb_epi8(_mm256_castsi256_si128(x)));
        int out[8] = { 0 };
        _mm256_maskstore_epi32(out, x, y);
        NOTE(*(__m256i *)out);
        NOTE(_mm256_maskload_epi32(table, y));
        __m256 f = _mm256_cvtepi32_ps(x), g = _mm256_cvtepi32_ps(y);
        __m256d d = _mm256_cvtepi32_pd(_mm256_castsi256_si128(x)), e = _mm256_cvtepi32_pd(_mm256_castsi256_si128(y));
        NOTE(_mm256_fmadd_ps(f, g, f));
        NOTE(_mm256_fnmsub_pd(d, e, d));
        NOTE(_mm_fmaddsub_ps(_mm256_castps256_ps128(f), _mm256_castps256_ps128(g), _mm256_castps256_ps128(f)));
        NOTE(_mm256_div_pd(d, e));
        NOTE(_mm256_hadd_ps(f, g));
        NOTE(_mm256_cvtph_ps(_mm256_cvtps_ph(f, 0)));
        NOTE(_mm256_cmp_ps(f, g, _CMP_NLE_UQ));
        NOTE(_mm256_permutevar8x32_ps(f, y));
        NOTE(_mm256_testz_si256(x, y) * 2 + _mm256_testc_si256(x, y));
        uint64_t a, b;
        memcpy(&a, in1, 8);
        memcpy(&b, in2, 8);
        NOTE(_pext_u64(a, b));
        NOTE(_pdep_u64(a, b));
        NOTE(_bzhi_u64(a, (unsigned)b & 63));
        NOTE(_andn_u64(a, b));
        NOTE(_blsr_u64(a) ^ _blsi_u64(b) ^ _blsmsk_u64(a));
        NOTE(_bextr_u64(a, 5, 23));
        NOTE(_lzcnt_u64(a) + 100 * _tzcnt_u64(b) + 10000 * (uint64_t)_mm_popcnt_u64(a));
        NOTE((a << (b & 63)) | (a >> (64 - (b & 63) - 1)));
        unsigned long long high;
        NOTE(_mulx_u64(a, b, &high));
        NOTE(high);
        uint64_t r;
        asm volatile("rorx $13, in1(%%rip), %0" : "=r"(r) :: "memory"); NOTE(r);
        asm volatile("shlx %1, in1(%%rip), %0" : "=r"(r) : "r"(b) : "memory"); NOTE(r);
        asm volatile("pext in2(%%rip), %1, %0" : "=r"(r) : "r"(a) : "memory"); NOTE(r);
        asm volatile("movbe in1(%%rip), %0" : "=r"(r) :: "memory"); NOTE(r);
        _mm256_zeroupper();
        asm volatile("vmovdqa in1(%%rip), %%ymm9; vzeroupper; vmovdqa %%ymm9, in1(%%rip)" ::: "memory", "xmm9");
        NOTE(*(__m256i *)in1);
    }
    printf("digest %016llx\n", (unsigned long long)digest);
    return guest_done();
}
