// cc: -O1 -mno-red-zone -no-pie -fno-pie
// The rest: pushf/popf and what user mode may change, lahf/sahf, bound flags, xsave family, rdtsc, rdrand, pause, fences, far jumps, segment registers, sgdt-like reads left out,
// 16-bit stack operations, nop forms, cbw family, bit scans, prefixes without effect.
#include "guest.h"
#include <cpuid.h>

#define FLAGS ({ uint64_t f_; asm volatile("pushf; pop %0" : "=r"(f_)); f_; })

static uint8_t save_area[8192] __attribute__((aligned(64)));

int main(void)
{
    uint64_t f;
    asm volatile("push $0xcd7; popf; pushf; pop %0; cld" : "=r"(f) :: "cc", "memory");
    EQ(f, 0xed7);
    asm volatile("pushq $0x7ffd5 - 0x100 - 0x40000 - 0x10000; popf; pushf; pop %0; push $0x202; popf" : "=r"(f) :: "cc", "memory");
    printf("flags %llx\n", (unsigned long long)(f & ~0x200000ull));
    asm volatile("pushf; orq $0x200000, (%%rsp); popf; pushf; pop %0" : "=r"(f) :: "cc", "memory");
    printf("id flag %d\n", (int)(f >> 21 & 1));
    asm volatile("pushw $0x41; popfw; pushfw; pop %w0" : "=r"(f) :: "cc", "memory");
    EQ(f & 0xff, 0x43);
    uint64_t a;
    asm volatile("mov $0xd7, %%ah; sahf; lahf; movzbl %%ah, %%eax" : "=a"(a) :: "cc");
    EQ(a, 0xd7);
    asm volatile("stc; cmc; setc %b0" : "=q"(a) :: "cc");
    EQ(a & 0xff, 0);

    asm volatile("mov $0x1234567880, %%rax; cbw; cwde; cdqe" : "=a"(a));
    EQ(a, 0xffffffffffffff80);
    uint64_t d;
    asm volatile("mov $0x80000000, %%eax; cltd" : "=a"(a), "=d"(d));
    EQ(d, 0xffffffff);
    asm volatile("cqo" : "=d"(d) : "a"(-1L));
    EQ(d, -1);
    asm volatile("pushw $0x1234; pushw %%ax; popw %%cx; popw %w0" : "=r"(a) : "a"(5) : "rcx", "memory");
    EQ(a & 0xffff, 0x1234);
    asm volatile("nop; nopw 0x1234(%rax,%rax,8); nopl (%rax); pause; .byte 0x66, 0x90; .byte 0xf2, 0x90; .byte 0x48, 0x90; .byte 0x2e, 0x90; endbr64; lfence; mfence; sfence");
    uint64_t one = 1, two = 2;
    asm volatile(".byte 0x49, 0x90" : "+a"(one)); /* xchg r8, rax with REX.B: swap twice */
    asm volatile(".byte 0x49, 0x90" : "+a"(one));
    asm volatile("xchg %0, %1" : "+r"(one), "+r"(two));
    EQ(one, 2);

    uint16_t cs, ss, ds, es, fs, gs;
    asm volatile("mov %%cs, %0; mov %%ss, %1; mov %%ds, %2; mov %%es, %3; mov %%fs, %4; mov %%gs, %5" : "=r"(cs), "=r"(ss), "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
    printf("segments %x %x %x %x %x %x\n", cs, ss, ds, es, fs, gs);
    asm volatile("mov %0, %%es; mov %0, %%ds" :: "r"(0));
    asm volatile("mov %0, %%es; mov %1, %%ds; mov %2, %%ss" :: "r"((int)ss), "r"(0), "r"((int)ss));
    asm volatile("mov %%es, %0" : "=r"(es));
    EQ(es, ss);
    asm volatile("mov %0, %%es" :: "r"(0));
    uint64_t lim;
    uint8_t zf;
    asm volatile("lsl %k2, %k0; setz %1" : "=r"(lim), "=m"(zf) : "r"((int)cs) : "cc");
    printf("lsl %d %llx\n", zf, (unsigned long long)(uint32_t)lim);
    asm volatile("verr %w1; setz %0" : "=m"(zf) : "r"((int)ss) : "cc");
    EQ(zf, 1);

    /* Far transfers with 32-bit offsets, which both makers honour (the REX.W form is Intel's alone); the program is linked low for it. */
    struct { uint32_t offset; uint16_t selector; } __attribute__((packed)) far = { 0, cs };
    asm volatile("lea 1f(%%rip), %%eax; mov %%eax, (%0); ljmp *(%0); ud2; 1:" :: "r"(&far) : "rax", "memory");
    uint64_t sp1, sp2;
    asm volatile("mov %%rsp, %0; jmp 2f; 1: lret; 2: lea 1b(%%rip), %%eax; mov %%eax, (%2); lcall *(%2); mov %%rsp, %1" : "=&r"(sp1), "=&r"(sp2) : "r"(&far) : "rax", "memory");
    EQ(sp1, sp2);
    asm volatile("mov %%rsp, %%rcx; mov %%ss, %%eax; push %%rax; push %%rcx; pushf; mov %%cs, %%eax; push %%rax; lea 1f(%%rip), %%rax; push %%rax; iretq; ud2; 1:" ::: "rax", "rcx", "memory", "cc");

    unsigned eax, ebx, ecx = 0, edx;
    __get_cpuid(1, &eax, &ebx, &ecx, &edx);
    if (ecx & bit_OSXSAVE) {
        uint64_t x[2] = { 0x1111, 0x2222 }, y[2] = { 0 };
        asm volatile("movdqu %0, %%xmm6; fninit; fldpi" :: "m"(x) : "xmm6");
        asm volatile("xsave64 %0" : "+m"(save_area) : "a"(-1), "d"(-1) : "memory");
        asm volatile("pxor %%xmm6, %%xmm6; fninit" ::: "xmm6");
        asm volatile("xrstor64 %0" :: "m"(save_area), "a"(-1), "d"(-1) : "memory", "xmm6");
        asm volatile("movdqu %%xmm6, %0; fstp %%st" : "=m"(y));
        CHECK(x[0] == y[0] && x[1] == y[1]);
        asm volatile("xsaveopt %0" : "+m"(save_area) : "a"(7), "d"(0) : "memory");
        __get_cpuid_count(13, 1, &eax, &ebx, &edx, &edx);
        if (eax & 2)
            asm volatile("xsavec %0; xrstor %0" : "+m"(save_area) : "a"(7), "d"(0) : "memory");
        uint32_t lo, hi;
        asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
        CHECK(lo & 1);
    }
    if (ecx & bit_RDRND) {
        uint64_t r = 0, r2 = 0;
        uint8_t c1;
        asm volatile("rdrand %0; setc %1" : "=r"(r), "=m"(c1) :: "cc");
        asm volatile("rdrand %0" : "=r"(r2) :: "cc");
        CHECK(!c1 || r != r2);
    }
    /* Flag results that are defined, over shifts and multiplications of all widths. */
    uint64_t digest = 0, seed = 42;
    for (int i = 0; i < 2000; i++) {
        uint64_t p = guest_random(&seed), q = guest_random(&seed), r, fl;
        asm volatile("mov %2, %0; add %3, %0; pushf; pop %1" : "=&r"(r), "=&r"(fl) : "r"(p), "r"(q) : "cc");
        fl &= 0x8d5;
        digest = guest_hash(digest, &r, 8);
        digest = guest_hash(digest, &fl, 8);
        asm volatile("mov %2, %0; sub %b3, %b0; sbb %w3, %w0; adc %k3, %k0; pushf; pop %1" : "=&q"(r), "=&r"(fl) : "r"(p), "q"(q) : "cc");
        fl &= 0x8d5;
        digest = guest_hash(digest, &r, 8);
        digest = guest_hash(digest, &fl, 8);
        asm volatile("mov %2, %0; rol %%cl, %0; rcr $1, %w0; shl %%cl, %k0; sar $1, %0; pushf; pop %1" : "=&r"(r), "=&r"(fl) : "r"(p), "c"(q & 31 ? q : 1) : "cc");
        digest = guest_hash(digest, &r, 8);
        uint64_t hi2, lo2;
        asm volatile("mul %3" : "=a"(lo2), "=d"(hi2) : "a"(p), "r"(q) : "cc");
        digest = guest_hash(digest, &hi2, 8);
        asm volatile("div %3" : "=a"(lo2), "=d"(hi2) : "a"(lo2), "r"(q | 1ul << 63), "d"(p >> 1) : "cc");
        digest = guest_hash(digest, &hi2, 8);
    }
    printf("digest %016llx\n", (unsigned long long)digest);
    return guest_done();
}
