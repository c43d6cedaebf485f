// cc: -O1
// Floating-point control state set by the program holds while new code is translated and system calls are handled: rounding, flush to zero,
// unmasked exceptions that have not fired, a full x87 stack in MMX mode, the direction flag.
#include "guest.h"

/* Each call runs at an address never run before, so that a translator has to work in the middle. */
static char *fresh_code(void)
{
    static char *page;
    static int used;
    if (!page)
        page = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *at = page + used;
    used += 4096;
    static const unsigned char code[] = { 0x48, 0x89, 0xf8, 0x48, 0xff, 0xc0, 0x48, 0xff, 0xc8, 0x75, 0x01, 0x90, 0xc3 };
    memcpy(at, code, sizeof code);
    return at;
}

int main(void)
{
    uint32_t strict = 0x0000 | 0x6000 | 0x8000 | 0x40, normal = 0x1f80, out;
    uint16_t cw_strict = 0x0f40, cw_out;
    for (int i = 0; i < 20; i++) {
        char *code = fresh_code();
        asm volatile(
            "fninit; fldcw %[cw]; ldmxcsr %[strict]\n\t"
            "std\n\t"
            "call *%[code]\n\t"
            "mov $39, %%eax; syscall\n\t"
            "mov $12, %%eax; xor %%edi, %%edi; syscall\n\t"
            "cld\n\t"
            "stmxcsr %[out]; ldmxcsr %[normal]; fnstcw %[cwo]; fninit"
            : [out] "=m"(out), [cwo] "=m"(cw_out) : [cw] "m"(cw_strict), [strict] "m"(strict), [normal] "m"(normal), [code] "r"(code), "D"(1L)
            : "rax", "rcx", "r11", "memory", "cc");
        EQ(out, strict);
        EQ(cw_out, cw_strict);

        code = fresh_code();
        uint64_t m[8];
        asm volatile(
            "movq %[one], %%mm0; movq %%mm0, %%mm3; movq %%mm0, %%mm7; paddd %%mm7, %%mm3\n\t"
            "call *%[code]\n\t"
            "mov $39, %%eax; syscall\n\t"
            "movq %%mm0, (%[m]); movq %%mm3, 8(%[m]); movq %%mm7, 16(%[m]); emms"
            :: [one] "r"(0x100000001ull * (i + 1)), [code] "r"(code), [m] "r"(m), "D"(0L) : "rax", "rcx", "r11", "memory", "cc", "mm0", "mm3", "mm7");
        EQ(m[0], 0x100000001ull * (i + 1));
        EQ(m[1], 0x200000002ull * (i + 1));
        EQ(m[2], m[0]);

        /* All sixteen vector registers over fresh code and a page fault taken by the kernel. */
        uint64_t v[32];
        char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        code = fresh_code();
        for (int k = 0; k < 32; k++)
            v[k] = k * 0x0101010101010101 + i;
        asm volatile(
            "movdqu (%[v]), %%xmm0; movdqu 16(%[v]), %%xmm1; movdqu 32(%[v]), %%xmm2; movdqu 48(%[v]), %%xmm3; movdqu 64(%[v]), %%xmm4; movdqu 80(%[v]), %%xmm5\n\t"
            "movdqu 96(%[v]), %%xmm6; movdqu 112(%[v]), %%xmm7; movdqu 128(%[v]), %%xmm8; movdqu 144(%[v]), %%xmm9; movdqu 160(%[v]), %%xmm10; movdqu 176(%[v]), %%xmm11\n\t"
            "movdqu 192(%[v]), %%xmm12; movdqu 208(%[v]), %%xmm13; movdqu 224(%[v]), %%xmm14; movdqu 240(%[v]), %%xmm15\n\t"
            "call *%[code]; movb $1, (%[page]); mov $39, %%eax; syscall\n\t"
            "pxor %%xmm1, %%xmm0; pxor %%xmm2, %%xmm0; pxor %%xmm3, %%xmm0; pxor %%xmm4, %%xmm0; pxor %%xmm5, %%xmm0; pxor %%xmm6, %%xmm0; pxor %%xmm7, %%xmm0; paddd %%xmm8, %%xmm0\n\t"
            "pxor %%xmm9, %%xmm0; pxor %%xmm10, %%xmm0; pxor %%xmm11, %%xmm0; pxor %%xmm12, %%xmm0; pxor %%xmm13, %%xmm0; pxor %%xmm14, %%xmm0; pxor %%xmm15, %%xmm0\n\t"
            "movdqu %%xmm0, (%[v])"
            :: [v] "r"(v), [code] "r"(code), [page] "r"(page), "D"(2L) : "rax", "rcx", "r11", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
               "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
        printf("%016llx\n", (unsigned long long)v[0]);
        munmap(page, 4096);
    }
    return guest_done();
}
