// cc: -O1
// cpuid, xgetbv, /proc/cpuinfo and AT_HWCAP tell one story, and what they promise works.
#include "guest.h"
#include <cpuid.h>
#include <elf.h>

static char flags[8192];

static int has(const char *name)
{
    size_t n = strlen(name);
    for (char *p = flags; (p = strstr(p, name)); p += n)
        if (p[-1] == ' ' && (p[n] == ' ' || p[n] == '\n' || p[n] == 0))
            return 1;
    return 0;
}

static void same(const char *name, int bit)
{
    if (has(name) != (bit != 0))
        printf("FAIL %s: cpuinfo %d, cpuid %d\n", name, has(name), bit != 0);
}

int main(void)
{
    FILE *f = fopen("/proc/cpuinfo", "r");
    CHECK(f != NULL);
    while (f && fgets(flags, sizeof flags, f) && strncmp(flags, "flags", 5)) { }
    fclose(f);
    unsigned a, b, c = 0, d = 0;
    CHECK(__get_cpuid(1, &a, &b, &c, &d));
    same("sse2", d & bit_SSE2);
    same("fxsr", d & bit_FXSAVE);
    same("cx8", d & bit_CMPXCHG8B);
    same("cmov", d & bit_CMOV);
    same("pni", c & bit_SSE3);
    same("ssse3", c & bit_SSSE3);
    same("sse4_1", c & bit_SSE4_1);
    same("sse4_2", c & bit_SSE4_2);
    same("cx16", c & bit_CMPXCHG16B);
    same("movbe", c & bit_MOVBE);
    same("popcnt", c & bit_POPCNT);
    same("aes", c & bit_AES);
    same("pclmulqdq", c & bit_PCLMUL);
    same("fma", c & bit_FMA);
    same("avx", c & bit_AVX);
    same("f16c", c & bit_F16C);
    same("rdrand", c & bit_RDRND);
    same("xsave", c & bit_XSAVE);
    unsigned hwcap = d, osxsave = c & bit_OSXSAVE;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        same("bmi1", b & bit_BMI);
        same("bmi2", b & bit_BMI2);
        same("avx2", b & bit_AVX2);
        same("avx512f", b & bit_AVX512F);
        same("avx512bw", b & bit_AVX512BW);
        same("adx", b & bit_ADX);
        same("sha_ni", b & bit_SHA);
        same("rdseed", b & bit_RDSEED);
        same("fsgsbase", b & bit_FSGSBASE);
        same("gfni", c & bit_GFNI);
        same("vaes", c & bit_VAES);
    }
    if (__get_cpuid(0x80000001, &a, &b, &c, &d)) {
        same("lm", d & bit_LM);
        same("nx", d & (1 << 20));
        same("rdtscp", d & (1 << 27));
        same("abm", c & bit_ABM);
        same("lahf_lm", c & bit_LAHF_LM);
        same("sse4a", c & bit_SSE4a);
    }
    /* Not getauxval: glibc answers AT_HWCAP with a value of its own on x86-64. */
    Elf64_auxv_t aux;
    f = fopen("/proc/self/auxv", "r");
    while (f && fread(&aux, sizeof aux, 1, f) == 1 && aux.a_type != AT_NULL)
        if (aux.a_type == AT_HWCAP)
            EQ((unsigned)aux.a_un.a_val, hwcap);
    fclose(f);
    if (osxsave) {
        unsigned lo, hi;
        asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
        CHECK((lo & 3) == 3);
        EQ((lo & 4) != 0, has("avx"));
        EQ((lo & 0xe0) == 0xe0, has("avx512f"));
        unsigned size, max;
        __cpuid_count(0xd, 0, a, size, max, d);
        EQ(a & 0xff, lo & 0xff);
        CHECK(size >= 576 && max >= size);
    }
    unsigned high;
    __cpuid(0, high, b, c, d);
    printf("leaves %d vendor %d\n", high >= 7, b == 0x756e6547 || b == 0x68747541);
    unsigned brand[13] = { 0 };
    for (unsigned i = 0; i < 3; i++)
        __cpuid(0x80000002 + i, brand[i * 4], brand[i * 4 + 1], brand[i * 4 + 2], brand[i * 4 + 3]);
    printf("brand %d\n", ((char *)brand)[0] != 0);
    /* cpuid between live registers and flags. */
    uint64_t bad = 0;
    for (int i = 0; i < 200; i++) {
        uint8_t carry;
        uint64_t r8 = 0x88 + i, r15 = 0xff0 + i, si = 5, di = 6;
        asm volatile("mov %[i], %%r8; lea 0x1234(%%r8), %%r15; xor %%ecx, %%ecx; xor %%eax, %%eax; stc; cpuid; setc %[carry]; mov %%r8, %[r8]; mov %%r15, %[r15]"
            : [carry] "=m"(carry), [r8] "=m"(r8), [r15] "=m"(r15), "+S"(si), "+D"(di) : [i] "r"((uint64_t)i) : "rax", "rbx", "rcx", "rdx", "r8", "r15", "cc");
        bad += carry != 1 || r8 != (uint64_t)i || r15 != (uint64_t)i + 0x1234 || si != 5 || di != 6;
    }
    EQ(bad, 0);
    return guest_done();
}
