// cc: -O2 -maes -mpclmul -msha -msse4.2 -madx
// needs: aes pclmulqdq sha_ni adx
// AES-NI against FIPS-197, SHA-256 instructions, carry-less multiply, ADCX/ADOX chains.
#include "guest.h"
#include <immintrin.h>

static uint64_t digest;
#define NOTE(v) do { __typeof__(v) v_ = (v); digest = guest_hash(digest, &v_, sizeof v_); } while (0)

static __m128i expand(__m128i key, __m128i assist)
{
    assist = _mm_shuffle_epi32(assist, 0xff);
    key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
    key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
    key = _mm_xor_si128(key, _mm_slli_si128(key, 4));
    return _mm_xor_si128(key, assist);
}

#define ROUND(n, rcon) k[n] = expand(k[n - 1], _mm_aeskeygenassist_si128(k[n - 1], rcon))

int main(void)
{
    uint8_t text[16], key[16], out[16];
    for (int i = 0; i < 16; i++) {
        text[i] = (uint8_t)(i * 0x11);
        key[i] = (uint8_t)i;
    }
    __m128i k[11], b;
    memcpy(&k[0], key, 16);
    ROUND(1, 1); ROUND(2, 2); ROUND(3, 4); ROUND(4, 8); ROUND(5, 16); ROUND(6, 32); ROUND(7, 64); ROUND(8, 128); ROUND(9, 27); ROUND(10, 54);
    memcpy(&b, text, 16);
    b = _mm_xor_si128(b, k[0]);
    for (int i = 1; i < 10; i++)
        b = _mm_aesenc_si128(b, k[i]);
    b = _mm_aesenclast_si128(b, k[10]);
    memcpy(out, &b, 16);
    for (int i = 0; i < 16; i++)
        printf("%02x", out[i]);
    printf("\n");
    b = _mm_xor_si128(b, k[10]);
    for (int i = 9; i > 0; i--)
        b = _mm_aesdec_si128(b, _mm_aesimc_si128(k[i]));
    b = _mm_xor_si128(_mm_aesdeclast_si128(b, k[0]), _mm_setzero_si128());
    CHECK(memcmp(&b, text, 16) == 0);

    __m128i x = k[3], y = k[7];
    for (int i = 0; i < 1000; i++) {
        x = _mm_sha256rnds2_epu32(x, y, k[i % 11]);
        y = _mm_sha256msg2_epu32(_mm_sha256msg1_epu32(y, x), k[1]);
        x = _mm_sha1rnds4_epu32(x, _mm_sha1nexte_epu32(y, x), 2);
        y = _mm_sha1msg2_epu32(_mm_sha1msg1_epu32(y, x), x);
        NOTE(_mm_clmulepi64_si128(x, y, 0x10));
        NOTE(x);
    }
    uint64_t n[8], m = 0x9e3779b97f4a7c15, s = 99;
    for (int i = 0; i < 8; i++)
        n[i] = guest_random(&s);
    for (int i = 0; i < 1000; i++) {
        asm volatile(
            "xor %%eax, %%eax\n\t"
            "mov %[m], %%rdx\n\t"
            "mulx (%[n]), %%r8, %%r9\n\t"
            "adcx 8(%[n]), %%r8\n\tadox 16(%[n]), %%r9\n\t"
            "mulx 24(%[n]), %%r10, %%r11\n\t"
            "adcx %%r10, %%r8\n\tadox %%r11, %%r9\n\t"
            "call 1f\n\tjmp 2f\n1:\tret\n2:\n\t"
            "adcx 32(%[n]), %%r8\n\tadox 40(%[n]), %%r9\n\t"
            "mov %%r8, (%[n])\n\tmov %%r9, 40(%[n])\n\t"
            "setc %%al\n\tseto %%dl\n\tadd %%al, 56(%[n])\n\tadd %%dl, 24(%[n])"
            :: [n] "r"(n), [m] "r"(m) : "rax", "rdx", "r8", "r9", "r10", "r11", "memory", "cc");
    }
    digest = guest_hash(digest, n, sizeof n);
    printf("digest %016llx\n", (unsigned long long)digest);
    return guest_done();
}
