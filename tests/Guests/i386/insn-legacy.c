// cc: -O1 -fno-pic -no-pie
// Instructions that 64-bit mode lacks: decimal adjustment, pusha, enter, bound, into, segment registers, far pointers, selectors looked at.
#include "guest.h"

static uint64_t digest;

static void note(uint32_t a, uint32_t flags)
{
    uint32_t pair[2] = { a, flags };
    digest = guest_hash(digest, pair, sizeof pair);
}

/* Runs one instruction on eax and flags; undefined flags are masked out by the caller. */
#define ADJUST(name, text, defined) \
    static void name(void) \
    { \
        for (uint32_t ax = 0; ax < 0x10000; ax += ax < 0x200 ? 1 : 37) \
            for (uint32_t in = 0; in < 4; in++) { \
                uint32_t r = ax | 0xABCD0000, f = (in & 1) | (in & 2) << 3 | 0x202; \
                asm volatile("push %1; popf; " text "; pushf; pop %1" : "+a"(r), "+r"(f) : : "cc"); \
                note(r, f & (defined)); \
            } \
        printf("%-4s %016llx\n", #name, (unsigned long long)digest); \
    }
enum { C = 1, P = 4, A = 16, Z = 64, S = 128 };
ADJUST(aaa, "aaa", A | C)
ADJUST(aas, "aas", A | C)
ADJUST(daa, "daa", S | Z | A | P | C)
ADJUST(das, "das", S | Z | A | P | C)
ADJUST(aam, "aam", S | Z | P)
ADJUST(aam7, "aam $7", S | Z | P)
ADJUST(aad, "aad", S | Z | P)
ADJUST(aad3, "aad $3", S | Z | P)
ADJUST(salc, ".byte 0xD6", C)

static uint32_t out[8];

static void stack_forms(void)
{
    asm volatile("pusha\n\t"
        "mov $1, %%eax; mov $2, %%ecx; mov $3, %%edx; mov $4, %%ebx; mov $5, %%ebp; mov $6, %%esi; mov $7, %%edi\n\t"
        "pusha; inc %%eax; dec %%ecx; popa; pusha; popal; pushaw; popaw; pusha\n\t"
        "popl out; popl out+4; popl out+8; popl out+12; popl out+16; popl out+20; popl out+24; popl out+28\n\t"
        "popa" : "+m"(out));
    for (int i = 0; i < 8; i++)
        if (i != 3)
            printf("%u ", out[i]);
    puts("");
}

/* enter with nesting levels copies frame pointers; leave undoes it. */
static void enter_levels(void)
{
    uint32_t sum = 0;
    asm volatile(
        "push %%ebp; mov %%esp, %%edx\n\t"
        "push $111; push $222; push $333; lea 12(%%esp), %%ebp\n\t"
        "enter $16, $3\n\t"
        "mov %%ebp, %%eax; sub %%esp, %%eax; mov %%eax, %[s]\n\t"     /* 2 pointers, own frame, 16 bytes */
        "mov -4(%%ebp), %%eax; sub $111, %%eax; shl $8, %%eax; add %%eax, %[s]\n\t"
        "mov -8(%%ebp), %%eax; sub $222, %%eax; shl $16, %%eax; add %%eax, %[s]\n\t"
        "leave; enter $8, $0; mov %%ebp, %%eax; sub %%esp, %%eax; shl $24, %%eax; add %%eax, %[s]; leave\n\t"
        "mov %%edx, %%esp; pop %%ebp" : [s] "+&D"(sum) : : "eax", "edx", "memory", "cc");
    printf("enter %08x\n", sum);
}

static void selectors(void)
{
    uint32_t rights = 0, limit = 0, sel = 0x2B, flags;
    asm volatile("lar %1, %0; pushf; pop %2" : "=r"(rights), "+r"(sel), "=r"(flags));
    printf("lar data %08x zf %u\n", rights, flags >> 6 & 1);
    sel = 0x23;
    asm volatile("lar %1, %0; pushf; pop %2" : "=r"(rights), "+r"(sel), "=r"(flags));
    printf("lar code %08x zf %u\n", rights, flags >> 6 & 1);
    asm volatile("lsl %1, %0; pushf; pop %2" : "=r"(limit), "+r"(sel), "=r"(flags));
    printf("lsl code %08x zf %u\n", limit, flags >> 6 & 1);
    static const uint16_t tried[] = { 0, 3, 0x2B, 0x23, 0x33, 0x10, 0x7FFB, 0xFFFF };
    for (unsigned i = 0; i < sizeof tried / sizeof *tried; i++) {
        uint32_t r, w;
        asm volatile("verr %2; pushf; pop %0; verw %2; pushf; pop %1" : "=&r"(r), "=&r"(w) : "r"(tried[i]));
        printf("%04x verr %u verw %u\n", tried[i], r >> 6 & 1, w >> 6 & 1);
    }
    uint16_t low = 0x1230, high = 0x4563;
    asm volatile("arpl %w2, %w0; pushf; pop %1" : "+r"(low), "=r"(flags) : "r"(high));
    printf("arpl %04x zf %u\n", low, flags >> 6 & 1);
    asm volatile("arpl %w2, %w0; pushf; pop %1" : "+r"(high), "=r"(flags) : "r"(low));
    printf("arpl %04x zf %u\n", high, flags >> 6 & 1);
    uint16_t cs, ds, es, ss, fs;
    asm volatile("mov %%cs, %0; mov %%ds, %1; mov %%es, %2; mov %%ss, %3; mov %%fs, %4" : "=r"(cs), "=r"(ds), "=r"(es), "=r"(ss), "=r"(fs));
    printf("cs %x ds %x es %x ss %x fs %x\n", cs, ds, es, ss, fs);
}

static void far_pointers(void)
{
    static uint32_t value = 77;
    struct { uint32_t offset; uint16_t selector; } __attribute__((packed)) p = { (uint32_t)&value, 0x2B };
    uint32_t a, b, c;
    uint16_t was;
    asm volatile("mov %%es, %[w]; les %[p], %%esi; mov %%es:(%%esi), %[a]; mov %[w], %%es" : [a] "=&r"(a), [w] "=&r"(was) : [p] "m"(p) : "esi");
    asm volatile("mov %%fs, %[w]; lfs %[p], %%esi; mov %%fs:(%%esi), %[a]; mov %[w], %%fs" : [a] "=&r"(b), [w] "=&r"(was) : [p] "m"(p) : "esi");
    asm volatile("push %%ds; lds %[p], %%esi; mov (%%esi), %[a]; pop %%ds" : [a] "=&r"(c) : [p] "m"(p) : "esi");
    printf("les %u lfs %u lds %u\n", a, b, c);
    uint32_t pushed, pushed16;
    asm volatile("push $-1; pop %0; push %%es; pop %0; pushw %%es; pushw %%ds; pop %1" : "=r"(pushed), "=r"(pushed16));
    printf("push es %04x, pushw %08x\n", pushed & 0xFFFF, pushed16);
    asm volatile("push $0x2B; pop %%fs; push %%fs; pop %0; mov %%fs, %%eax; mov %%eax, %1; pushw %%fs; popw %%fs; push $0; pop %%fs" : "=r"(pushed), "=r"(pushed16) : : "eax");
    printf("fs %04x %04x\n", pushed & 0xFFFF, pushed16);
    asm volatile("mov %2, %%fs; movw %%fs, %0; mov %%fs, %%ax; mov %%ax, %1; mov %3, %%fs" : "=m"(was), "=m"(p.selector) : "r"(0x2B), "r"(0) : "eax");
    printf("fs stored %x %x\n", was, p.selector);
}

static void small_addresses(void)
{
    /* 16-bit addressing reaches the first 64 KiB, where nothing can be mapped: only lea can show it. */
    uint32_t r = 0;
    asm volatile(
        "mov $0x11112222, %%ebx; mov $0x3333F000, %%esi; mov $0x44440010, %%edi; push %%ebp; mov $0x5555F0F0, %%ebp\n\t"
        "addr16 lea (%%bx,%%si), %%eax; mov %%eax, %%ecx\n\t"
        "addr16 lea 0x7F(%%bp,%%di), %%eax; rol $7, %%ecx; xor %%eax, %%ecx\n\t"
        "addr16 lea 0x1234(%%bp), %%eax; rol $7, %%ecx; xor %%eax, %%ecx\n\t"
        "addr16 lea -1(%%di), %%eax; rol $7, %%ecx; xor %%eax, %%ecx\n\t"
        "addr16 lea 0xFFFE, %%eax; rol $7, %%ecx; xor %%eax, %%ecx; pop %%ebp" : "=c"(r) : : "eax", "ebx", "esi", "edi", "cc");
    printf("lea16 %08x\n", r);
    static uint8_t table[256];
    for (int i = 0; i < 256; i++)
        table[i] = i ^ 0x5A;
    asm volatile("xlat" : "=a"(r) : "a"(0x1200 + 0x33), "b"(table));
    printf("xlat %08x\n", r);
    uint32_t count = 0x30003, sum = 0;
    asm volatile("1: inc %1; addr16 loop 1b" : "+c"(count), "+r"(sum));
    printf("loopw %08x %u\n", count, sum);
    count = 0x50000;
    asm volatile("mov $9, %1; jcxz 1f; mov $8, %1; 1: jecxz 2f; add $100, %1; 2:" : "+c"(count), "+r"(sum));
    printf("jcxz %u\n", sum);
    static const int16_t bounds16[2] = { -5, 5 };
    static const int32_t bounds32[2] = { 0, 10 };
    asm volatile("mov $3, %%eax; bound %%ax, %0; bound %%eax, %1; xor %%eax, %%eax; into" : : "m"(bounds16), "m"(bounds32) : "eax", "cc");
    uint64_t wide = 0x123456789ull;
    uint8_t swapped;
    asm volatile("cmpxchg8b %0; setz %1" : "+m"(wide), "=q"(swapped) : "a"(0x23456789), "d"(1), "b"(5), "c"(6) : "cc");
    printf("cmpxchg8b %016llx %u\n", (unsigned long long)wide, swapped);
}

int main(void)
{
    aaa(); aas(); daa(); das(); aam(); aam7(); aad(); aad3(); salc();
    stack_forms();
    enter_levels();
    selectors();
    far_pointers();
    small_addresses();
    return guest_done();
}
