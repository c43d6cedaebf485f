// cc: -O2 -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512cd
// needs: avx512f avx512bw avx512vl avx512dq avx512cd
// AVX-512: masks, compressed displacement, embedded broadcast and rounding, registers 16 to 31, state kept over calls, branches and system calls.
#include "guest.h"
#include <immintrin.h>

static uint64_t digest, seed = 2862933555777941757u;
static uint8_t in1[128] __attribute__((aligned(64))), in2[128] __attribute__((aligned(64)));

#define NOTE(v) do { __typeof__(v) v_ = (v); digest = guest_hash(digest, &v_, sizeof v_); } while (0)
#define ZZZ(op) do { __m512i r_; asm volatile(op " %2, %1, %0" : "=v"(r_) : "v"(*(__m512i *)in1), "v"(*(__m512i *)in2)); NOTE(r_); \
    asm volatile("kmovq %2, %%k3; " op " in2+64(%%rip), %1, %0 %{%%k3%}" : "+v"(r_) : "v"(*(__m512i *)in1), "r"(seed) : "memory"); NOTE(r_); } while (0)

int main(void)
{
    for (int i = 0; i < 200; i++) {
        for (int k = 0; k < 16; k++) {
            uint64_t a = guest_random(&seed), b = guest_random(&seed);
            memcpy(in1 + 8 * k, &a, 8);
            memcpy(in2 + 8 * k, &b, 8);
        }
        ZZZ("vpaddb"); ZZZ("vpaddq"); ZZZ("vpmulld"); ZZZ("vpmaxsq"); ZZZ("vpsrlvw"); ZZZ("vpermd"); ZZZ("vpshufb"); ZZZ("vpandq"); ZZZ("vprolvd"); ZZZ("vpermt2d"); ZZZ("vpmullq"); ZZZ("vpunpcklqdq");
        __m512i x = *(__m512i *)in1, y = *(__m512i *)in2;
        NOTE(_mm512_ternarylogic_epi64(x, y, x, 0x6a));
        NOTE(_mm512_maskz_compress_epi32(0x5a5a, x));
        NOTE(_mm512_mask_expand_epi64(y, 0x93, x));
        NOTE(_mm512_cmpgt_epi8_mask(x, y));
        NOTE(_mm512_conflict_epi32(_mm512_and_si512(x, _mm512_set1_epi32(7))));
        NOTE(_mm512_cvtepi64_epi8(y));
        __m512 f = _mm512_cvtepi32_ps(x), g = _mm512_cvtepi32_ps(y);
        NOTE(_mm512_add_round_ps(f, g, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC));
        NOTE(_mm512_fmadd_ps(f, g, g));
        NOTE(_mm512_getexp_ps(f));
        NOTE(_mm512_rcp14_ps(_mm512_setzero_ps()));
        NOTE(_mm512_reduce_add_epi64(y));
        __m512i r;
        asm volatile("vpaddd in1+4(%%rip)%{1to16%}, %1, %0" : "=v"(r) : "v"(y) : "memory"); NOTE(r);
        asm volatile("vmovdqu8 64(%1), %0; vpxord -64(%2), %0, %0" : "=v"(r) : "r"(in1), "r"(in2 + 64) : "memory"); NOTE(r);
        uint64_t mask;
        asm volatile("kmovq in1(%%rip), %%k1; kmovq in2(%%rip), %%k2; kxorq %%k1, %%k2, %%k3; kshiftlq $3, %%k3, %%k3; kortestq %%k3, %%k1; kmovq %%k3, %0" : "=r"(mask) :: "memory", "cc");
        NOTE(mask);
        
        /* State in the upper registers over a system call, a call and an indirect jump. */
        asm volatile(
            "vmovdqa64 in1(%%rip), %%zmm31; vmovdqa64 in2(%%rip), %%zmm17; kmovq in1(%%rip), %%k7\n\t"
            "mov $39, %%eax; syscall\n\t"
            "call 1f; jmp 2f; 1: ret; 2: lea 3f(%%rip), %%rax; jmp *%%rax; 3:\n\t"
            "vpxorq %%zmm31, %%zmm17, %0; kmovq %%k7, %1"
            : "=v"(r), "=r"(mask) :: "rax", "rcx", "r11", "memory", "cc", "xmm16", "xmm17", "xmm31");
        NOTE(r);
        NOTE(mask);
    }
    printf("digest %016llx\n", (unsigned long long)digest);
    return guest_done();
}
