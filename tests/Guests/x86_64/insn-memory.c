// cc: -O1 -fPIE -pie
// cc[low]: -O1 -fno-pie -no-pie
// Operands: RIP-relative data in every instruction form (immediates behind, VEX, EVEX-free, x87, push/pop, lock), fs and gs bases, 32-bit addresses, absolute 64-bit moves,
// scaled indices without base, lock operations and cmpxchg16b.
#include "guest.h"
#include <asm/prctl.h>
#include <cpuid.h>

static __attribute__((used)) uint64_t word = 0x1122334455667788, other = 0xf0f0f0f0f0f0f0f0;
static __attribute__((used)) double number = 2.25;
static __attribute__((used)) float small = 1.5f;
static __attribute__((used)) uint64_t pair[2] __attribute__((aligned(16))) = { 1, 2 };
static uint64_t digest;
static __thread uint64_t thread_word = 0x7777;

static void note(uint64_t v) { digest = guest_hash(digest, &v, 8); }

#define OP(text) do { uint64_t r_ = 0x0123456789abcdef; uint64_t f_; word = 0x1122334455667788; \
    asm volatile("cmp %%eax, %%eax; stc; " text "; pushf; pop %1" : "+a"(r_), "=&r"(f_) : "c"(5L), "d"(0L) : "memory", "cc", "rbx", "r8", "r15"); \
    note(r_); note(word); note(f_ & 0x8c1); } while (0)

static void rip_relative(void)
{
    OP("mov word(%%rip), %%rax"); OP("mov word+4(%%rip), %%eax"); OP("movzbl word+1(%%rip), %%eax"); OP("movswq word+2(%%rip), %%rax"); OP("movslq word+4(%%rip), %%rax");
    OP("mov %%rax, word(%%rip)"); OP("mov %%ah, word+3(%%rip)"); OP("movb $0x5a, word(%%rip)"); OP("movw $0x5aa5, word(%%rip)"); OP("movl $-5, word(%%rip)"); OP("movq $-5, word(%%rip)");
    OP("addb $1, word(%%rip)"); OP("addw $0x101, word(%%rip)"); OP("addl $0x12345678, word(%%rip)"); OP("adcq $-1, word(%%rip)"); OP("subq $5, word(%%rip)"); OP("sbb %%rax, word(%%rip)");
    OP("cmpb $0x88, word(%%rip)"); OP("cmpw $0x7788, word(%%rip)"); OP("cmpl $0x55667788, word(%%rip)"); OP("cmpq $0x7f, word(%%rip)"); OP("testb $8, word(%%rip)");
    OP("testl $0x1000, word(%%rip)"); OP("test %%rax, word(%%rip)"); OP("and word(%%rip), %%rax"); OP("or %%eax, word(%%rip)"); OP("xorw $0x55, word(%%rip)"); OP("incl word(%%rip)");
    OP("decq word(%%rip)"); OP("negl word(%%rip)"); OP("notw word(%%rip)"); OP("shlq $3, word(%%rip)"); OP("shrl word(%%rip)"); OP("sarq %%cl, word(%%rip)"); OP("rolb $1, word(%%rip)");
    OP("rcrq $7, word(%%rip)"); OP("shldq $9, %%rax, word(%%rip)"); OP("shrd %%cl, %%eax, word(%%rip)"); OP("imul word(%%rip), %%rax"); OP("imul $77, word(%%rip), %%eax");
    OP("imul $0x12345, word(%%rip), %%rax"); OP("mulq word(%%rip)"); OP("imull word(%%rip)"); OP("divl word(%%rip)"); OP("xchg %%rax, word(%%rip)"); OP("xadd %%eax, word(%%rip)");
    OP("lock xaddq %%rax, word(%%rip)"); OP("cmpxchg %%rcx, word(%%rip)"); OP("lock cmpxchgl %%ecx, word(%%rip)"); OP("cmpxchg8b word(%%rip)"); OP("btl $5, word(%%rip)"); OP("btsl $3, word(%%rip)");
    OP("lock btrq $60, word(%%rip)"); OP("btc %%rcx, word(%%rip)"); OP("bsf word(%%rip), %%rax"); OP("bsr word(%%rip), %%eax"); OP("bswap %%rax; mov %%rax, word(%%rip)"); OP("cmovc word(%%rip), %%rax");
    OP("cmovnz word(%%rip), %%eax"); OP("setc word+5(%%rip)"); OP("lea word-5(%%rip), %%r8; sub word_address(%%rip), %%r8; mov %%r8, %%rax"); OP("pushq word(%%rip); pop %%rax"); OP("push %%rax; popq word(%%rip)");
    OP("pushw word(%%rip); popw %%ax"); OP("movnti %%rax, word(%%rip)"); OP("movq word(%%rip), %%xmm1; movq %%xmm1, %%rax"); OP("movsd number(%%rip), %%xmm1; addsd number(%%rip), %%xmm1; cvtsd2si %%xmm1, %%rax");
    OP("pshufd $0x1b, pair(%%rip), %%xmm2; movq %%xmm2, %%rax"); OP("pinsrw $3, word(%%rip), %%xmm2; movq %%xmm2, %%rax"); OP("cvttss2si small(%%rip), %%eax"); OP("fldl number(%%rip); fadds small(%%rip); fistpq word(%%rip)");
    OP("fildl word(%%rip); fstpl word(%%rip)"); OP("lock orb $0x40, word(%%rip)"); OP("lock incw word(%%rip)"); OP("lock negq word(%%rip)"); OP("lock notl word(%%rip)"); OP("lock subl $7, word(%%rip)");
    OP("mov %%ds, word(%%rip); movzwl word(%%rip), %%eax; xor %%eax, %%eax; movq $0, word(%%rip)"); OP("prefetcht0 word(%%rip)"); OP("clflush word(%%rip)"); OP("ldmxcsr mxcsr(%%rip); stmxcsr word(%%rip)");
}

static __attribute__((used)) uint64_t *word_address = &word;
static __attribute__((used)) uint32_t mxcsr = 0x1f80;

int main(void)
{
    note((uintptr_t)word_address == (uintptr_t)&word && mxcsr);
    note(number + small > 0);
    rip_relative();
    word = 0x1122334455667788;

    /* Thread pointer relative, in the forms compilers use and some they do not. */
    uint64_t v, base, t = (uintptr_t)&thread_word;
    asm volatile("mov %%fs:0, %0" : "=r"(base));
    EQ(*(uint64_t *)base, base);
    int64_t offset = (int64_t)(t - base);
    asm volatile("mov %%fs:(%1), %0" : "=r"(v) : "r"(offset));
    EQ(v, 0x7777);
    asm volatile("addq $3, %%fs:(%0); lock incq %%fs:(%0); xorl %%eax, %%fs:(%0,%1,8)" :: "r"(offset), "r"(0L), "a"(0) : "memory");
    EQ(thread_word, 0x777b);
    asm volatile("movq %%fs:(%1), %%xmm3; movq %%xmm3, %0" : "=r"(v) : "r"(offset) : "xmm3");
    EQ(v, 0x777b);
    asm volatile("push %%fs:(%1); pop %0" : "=&r"(v) : "r"(offset));
    EQ(v, 0x777b);

    /* gs base by system call and, where allowed, by instruction. */
    uint64_t area[64];
    for (int i = 0; i < 64; i++)
        area[i] = 1000 + i;
    CHECK(syscall(SYS_arch_prctl, ARCH_SET_GS, (uintptr_t)area) == 0);
    CHECK(syscall(SYS_arch_prctl, ARCH_GET_GS, &v) == 0);
    EQ(v, area);
    asm volatile("mov %%gs:0x18, %0" : "=r"(v));
    EQ(v, 1003);
    asm volatile("mov %%gs:(,%1,8), %0" : "=r"(v) : "r"(5L));
    EQ(v, 1005);
    asm volatile("addq %%gs:8(%1,%1,4), %0" : "+r"(v) : "r"(8L));
    EQ(v, 1005 + 1006);
    asm volatile("addr32 mov %%gs:(%k1), %0" : "=r"(v) : "r"(0xffff000000000010));
    EQ(v, 1002);
    asm volatile("lea 1f(%%rip), %%rax; mov %%rax, %%gs:0; jmp *%%gs:0; ud2; 1:" ::: "rax", "memory");
    asm volatile("jmp 2f; 1: ret; 2: lea 1b(%%rip), %%rax; mov %%rax, %%gs:0; call *%%gs:0" ::: "rax", "memory");
    CHECK(syscall(SYS_arch_prctl, ARCH_GET_FS, &v) == 0);
    EQ(v, base);
    FAILS(syscall(SYS_arch_prctl, ARCH_SET_GS, 1ul << 63), EPERM);
    FAILS(syscall(SYS_arch_prctl, ARCH_GET_FS, (void *)16), EFAULT);
    FAILS(syscall(SYS_arch_prctl, 0x9999, 0), EINVAL);
    unsigned eax, ebx = 0, ecx, edx;
    __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx);
    if (ebx & bit_FSGSBASE) {
        uint64_t fs = 0;
        asm volatile("rdfsbase %0" : "=r"(fs));
        EQ(fs, base);
        asm volatile("wrgsbase %0" :: "r"(area + 8));
        asm volatile("mov %%gs:0, %0" : "=r"(v));
        EQ(v, 1008);
        asm volatile("rdgsbase %0" : "=r"(v));
        EQ(v, area + 8);
        asm volatile("wrfsbase %1; mov %%fs:8, %0; wrfsbase %2" : "=&r"(v) : "r"(area + 16), "r"(base));
        EQ(v, 1017);
        uint32_t short_base;
        asm volatile("rdgsbase %0" : "=r"(short_base));
        EQ(short_base, (uint32_t)(uintptr_t)(area + 8));
    } else {
        EQ(thread_word, 0x777b);
    }
    printf("thread pointer kept %d\n", thread_word == 0x777b);

    /* 32-bit addresses wrap and ignore upper halves. */
    uint64_t *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    low[3] = 333;
    asm volatile("addr32 mov 24(%k1), %0" : "=r"(v) : "r"((uintptr_t)low | 0xabcd00000000));
    EQ(v, 333);
    asm volatile("addr32 mov (%k1,%k2,8), %0" : "=r"(v) : "r"((uintptr_t)low + 80), "r"(0xfffffff9ul));
    EQ(v, 333);
    asm volatile("addr32 lea 0x10(%k1), %0" : "=r"(v) : "r"(0x1fffffff8ul));
    EQ(v, 8);
    asm volatile("addr32 incq 24(%k0)" :: "r"(low) : "memory");
    EQ(low[3], 334);
    asm volatile("movabs %1, %%rax; mov %%rax, %0" : "=r"(v) : "i"(0x123456789abcdef0) : "rax");
    EQ(v, 0x123456789abcdef0);

    /* Indices of every register, with rsp and r12, r13, rbp as bases that need special encodings. */
    uint64_t table[32];
    for (int i = 0; i < 32; i++)
        table[i] = i * 3;
#define INDEXED(base_register, index_register) do { uint64_t b_ = (uintptr_t)table, i_ = 7; \
    asm volatile("push %%rbp; mov %1, %%rax; mov %2, %%rcx; mov %%rax, %%" base_register "; mov %%rcx, %%" index_register "; mov 8(%%" base_register ",%%" index_register ",8), %%rax; pop %%rbp; mov %%rax, %0" \
        : "=r"(v) : "r"(b_), "r"(i_) : "rax", "rcx", "r8", "r9", "r12", "r13", "rbx", "memory"); EQ(v, 24); } while (0)
    INDEXED("r13", "r12"); INDEXED("r12", "r13"); INDEXED("rbp", "rbx"); INDEXED("rbx", "rbp"); INDEXED("r8", "r9");
    asm volatile("push $0x66; push $0x55; mov 8(%%rsp), %0; add (%%rsp), %0; add $16, %%rsp" : "=r"(v));
    EQ(v, 0xbb);
    asm volatile("mov $0x30, %%eax; mov %1, %%rcx; movslq %%eax, %%rax; mov (%%rcx,%%rax), %0" : "=r"(v) : "r"(table) : "rax", "rcx");
    EQ(v, 18);

    /* cmpxchg16b and friends. */
    uint8_t ok;
    uint64_t lo = 1, hi = 2;
    asm volatile("lock cmpxchg16b pair(%%rip); sete %0" : "=m"(ok), "+a"(lo), "+d"(hi) : "b"(3L), "c"(4L) : "memory", "cc");
    CHECK(ok && pair[0] == 3 && pair[1] == 4);
    asm volatile("lock cmpxchg16b pair(%%rip); sete %0" : "=m"(ok), "+a"(lo), "+d"(hi) : "b"(3L), "c"(4L) : "memory", "cc");
    CHECK(!ok && lo == 3 && hi == 4);
    (void)other;
    printf("digest %016llx\n", (unsigned long long)digest);
    return guest_done();
}
