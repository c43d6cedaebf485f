// Integer kernels: crc32, sieve, quicksort, SHA-256, a bytecode interpreter with a switch, a hash map, string work.
#include "kernel.h"

static uint64_t crc32(void)
{
    static uint32_t table[256];
    static uint8_t data[1 << 16];
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int k = 0; k < 8; k++)
            c = c & 1 ? 0xedb88320 ^ c >> 1 : c >> 1;
        table[i] = c;
    }
    for (unsigned i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 31 + (i >> 8));
    uint32_t crc = ~0u;
    for (int round = 0; round < 700; round++)
        for (unsigned i = 0; i < sizeof data; i++)
            crc = table[(crc ^ data[i]) & 255] ^ crc >> 8;
    return crc;
}

static uint64_t sieve(void)
{
    enum { N = 2000000 };
    static uint8_t composite[N + 1];
    uint64_t sum = 0;
    for (int round = 0; round < 18; round++) {
        memset(composite, 0, sizeof composite);
        for (int i = 2; i * i <= N; i++)
            if (!composite[i])
                for (int k = i * i; k <= N; k += i)
                    composite[k] = 1;
        for (int i = 2; i <= N; i++)
            sum += composite[i] ? 0 : i;
    }
    return sum;
}

static void quick(uint32_t *a, long n)
{
    while (n > 16) {
        uint32_t pivot = a[n / 2];
        long i = 0, j = n - 1;
        while (i <= j) {
            while (a[i] < pivot)
                i++;
            while (a[j] > pivot)
                j--;
            if (i <= j) {
                uint32_t t = a[i];
                a[i++] = a[j];
                a[j--] = t;
            }
        }
        quick(a, j + 1);
        a += i;
        n -= i;
    }
    for (long i = 1; i < n; i++) {
        uint32_t v = a[i];
        long j = i;
        for (; j > 0 && a[j - 1] > v; j--)
            a[j] = a[j - 1];
        a[j] = v;
    }
}

static uint64_t sort(void)
{
    enum { N = 1000000 };
    uint32_t *a = malloc(N * sizeof *a);
    uint64_t s = 88172645463325252u, h = 0;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < N; i++)
            a[i] = (uint32_t)next_random(&s);
        quick(a, N);
        for (int i = 0; i < N; i += 97)
            h = h * 31 + a[i];
    }
    return h;
}

static const uint32_t sha_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

static uint64_t sha256(void)
{
    uint32_t h[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 }, w[64];
    for (uint32_t block = 0; block < 300000; block++) {
        for (int i = 0; i < 16; i++)
            w[i] = block * 16 + i;
        for (int i = 16; i < 64; i++)
            w[i] = w[i - 16] + w[i - 7] + (rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3) + (rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10);
        uint32_t s[8];
        memcpy(s, h, sizeof s);
        for (int i = 0; i < 64; i++) {
            uint32_t t1 = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) + ((s[4] & s[5]) ^ (~s[4] & s[6])) + sha_constants[i] + w[i];
            uint32_t t2 = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
            memmove(s + 1, s, 7 * sizeof *s);
            s[4] += t1;
            s[0] = t1 + t2;
        }
        for (int i = 0; i < 8; i++)
            h[i] += s[i];
    }
    return (uint64_t)h[0] << 32 | h[7];
}

enum { PUSH, ADD, SUB, MUL, DUP, SWAP, LOAD, STORE, JNZ, DEC, XOR, SHIFT, HALT };

static uint64_t interpreter(void)
{
    static const int32_t code[] = { PUSH, 7000000, STORE, 0, LOAD, 1, LOAD, 0, ADD, PUSH, 7, XOR, DUP, SHIFT, ADD, STORE, 1, LOAD, 0, DEC, DUP, STORE, 0, JNZ, 4, HALT };
    int64_t stack[32], vars[4] = { 0 };
    int sp = 0;
    for (const int32_t *pc = code;;) {
        switch (*pc++) {
        case PUSH: stack[sp++] = *pc++; break;
        case ADD: sp--; stack[sp - 1] += stack[sp]; break;
        case SUB: sp--; stack[sp - 1] -= stack[sp]; break;
        case MUL: sp--; stack[sp - 1] *= stack[sp]; break;
        case DUP: stack[sp] = stack[sp - 1]; sp++; break;
        case SWAP: { int64_t t = stack[sp - 1]; stack[sp - 1] = stack[sp - 2]; stack[sp - 2] = t; break; }
        case LOAD: stack[sp++] = vars[*pc++]; break;
        case STORE: vars[*pc++] = stack[--sp]; break;
        case JNZ: pc = stack[--sp] ? code + *pc : pc + 1; break;
        case DEC: stack[sp - 1]--; break;
        case XOR: sp--; stack[sp - 1] ^= stack[sp]; break;
        case SHIFT: stack[sp - 1] = (int64_t)((uint64_t)stack[sp - 1] >> 3); break;
        case HALT: return (uint64_t)vars[1];
        }
    }
}

static uint64_t hashmap(void)
{
    enum { SIZE = 1 << 18 };
    static uint64_t keys[SIZE], values[SIZE];
    uint64_t s = 1234567, sum = 0;
    for (int i = 0; i < 12000000; i++) {
        uint64_t key = next_random(&s) % 150000 + 1, at = key * 0x9e3779b97f4a7c15 >> 46;
        while (keys[at] && keys[at] != key)
            at = (at + 1) & (SIZE - 1);
        keys[at] = key;
        values[at] += i;
        sum += values[at] & 255;
    }
    return sum;
}

static uint64_t strings(void)
{
    static char text[1 << 16], word[32];
    uint64_t s = 99, h = 0;
    unsigned n = 0;
    while (n < sizeof text - 40)
        n += sprintf(text + n, "%llx ", (unsigned long long)next_random(&s));
    for (int round = 0; round < 60; round++) {
        char *p = text, *end;
        while ((end = strchr(p, ' ')) != NULL) {
            size_t length = end - p;
            memcpy(word, p, length);
            word[length] = 0;
            h = h * 31 + strlen(word) + (uint64_t)(strcmp(word, "8000") > 0);
            for (char *c = word; *c; c++)
                h += *c >= 'a' ? *c - 'a' + 10 : *c - '0';
            if (strstr(word, "a5"))
                h ^= strtoull(word, NULL, 16);
            p = end + 1;
        }
    }
    return h;
}

static uint64_t strings_long(void)
{
    uint64_t h = 0;
    for (int i = 0; i < 10; i++)
        h = h * 7 + strings();
    return h;
}

int main(int argc, char **argv)
{
    static const struct kernel kernels[] = { { "crc32", crc32 }, { "sieve", sieve }, { "sort", sort }, { "sha256", sha256 }, { "interpreter", interpreter }, { "hashmap", hashmap },
        { "strings", strings_long }, { 0 } };
    return run_kernel(kernels, argc, argv);
}
