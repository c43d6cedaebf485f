// cc: -O1 -fno-pic -no-pie
// Code segments of the local descriptor table: 16-bit code (the processor itself is the oracle, also for random instructions), base and limit, signals and
// system calls in them, the same bytes as code of both sizes, descriptors that change, and flat code whose data segment is not.
#include "guest.h"
#include <asm/ldt.h>
#include <setjmp.h>
#include <sys/time.h>

enum { CODE = 1, DATA = 2, STACK = 3, CODE32 = 4, BIG = 65536 };

static unsigned char *code, *buffer, *stack; /* 64 KiB each */
static sigjmp_buf back;
static volatile int signal_number, signal_code;
static greg_t at_fault[NGREG];

static uint16_t selector(int entry) { return entry << 3 | 7; }

static long modify_ldt(void *p) { return guest_syscall(SYS_modify_ldt, 0x11, (long)p, sizeof(struct user_desc), 0, 0); }

static void describe(int entry, void *base, unsigned limit, int contents, int bits32)
{
    struct user_desc d = { .entry_number = entry, .base_addr = (unsigned)base, .limit = limit, .contents = contents, .seg_32bit = bits32, .useable = 1 };
    EQ(modify_ldt(&d), 0);
}

static void fault(int sig, siginfo_t *info, void *uc)
{
    memcpy(at_fault, ((ucontext_t *)uc)->uc_mcontext.gregs, sizeof at_fault);
    (signal_number = sig), (signal_code = info->si_code);
    siglongjmp(back, 1);
}

/* What the code in a segment starts with and leaves. */
struct registers {
    uint32_t eax, ecx, edx, ebx, ebp, esi, edi, flags;
} in, out;
struct { uint32_t offset; uint16_t selector; } __attribute__((packed)) to_data, to_stack, to_code;
uint32_t flat_stack, out_esp;
uint16_t fs_selector;

/* Registers from "in", segments, then a far jump; the code comes back by one to "segment_back", where ds is still the data segment. */
void enter_segment(void);
extern char segment_back[];
asm(".text\n"
    "enter_segment:\n"
    "  pusha\n"
    "  mov %esp, flat_stack\n"
    "  mov fs_selector, %fs\n"
    "  mov to_data+4, %es\n"
    "  mov in+4, %ecx\n  mov in+8, %edx\n  mov in+12, %ebx\n  mov in+16, %ebp\n  mov in+20, %esi\n  mov in+24, %edi\n"
    "  push in+28\n  popf\n"
    "  lss to_stack, %esp\n"
    "  lds to_data, %eax\n"
    "  ljmp *%cs:to_code\n"
    "segment_back:\n"
    "  mov %eax, %ds:0xFFF0\n"
    "  mov $0x2B, %eax\n"
    "  mov %eax, %ds\n"
    "  mov %ecx, out+4\n  mov %edx, out+8\n  mov %ebx, out+12\n  mov %ebp, out+16\n  mov %esi, out+20\n  mov %edi, out+24\n  mov %esp, out_esp\n"
    "  mov %eax, %ss\n"
    "  mov flat_stack, %esp\n"
    "  pushf\n  pop out+28\n"
    "  mov %eax, %es\n"
    "  cld\n"
    "  popa\n"
    "  ret\n");

/* Runs the code at an offset of a segment. False when it ended in a signal. */
static int run(int entry, uint32_t offset)
{
    to_code.offset = offset;
    to_code.selector = selector(entry);
    to_data.offset = in.eax;
    signal_number = 0;
    if (sigsetjmp(back, 1) != 0)
        return 0;
    enter_segment();
    out.eax = *(uint32_t *)(buffer + 0xFFF0);
    return 1;
}

static void show(const char *what, int fine)
{
    if (fine)
        printf("%s: eax %x ecx %x edx %x ebx %x sp %x\n", what, out.eax, out.ecx, out.edx, out.ebx, out_esp & 0xFFFF);
    else
        printf("%s: signal %d code %d trap %d error %x cs %x eip %x eax %x\n", what, signal_number, signal_code, (int)at_fault[REG_TRAPNO],
            (int)at_fault[REG_ERR], (int)at_fault[REG_CS] & 0xFFFF, (int)at_fault[REG_EIP], (int)at_fault[REG_EAX]);
}

/* The jump back to flat code, at the end of some code: of 16 and of 32 bits. */
static unsigned char *put_back(unsigned char *p, int bits)
{
    if (bits == 16)
        *p++ = 0x66;
    *p++ = 0xEA;
    *(uint32_t *)p = (uint32_t)segment_back;
    *(uint16_t *)(p + 4) = 0x23;
    return p + 6;
}

static void fresh(void)
{
    struct registers r = { 0x11111111, 0x22220003, 0x33334444, 0x00001200, 0x00002300, 0x00003400, 0x00004500, 0x202 };
    in = r;
    to_stack.offset = 0xABCD8000;
    to_stack.selector = selector(STACK);
    to_data.selector = selector(DATA);
    fs_selector = selector(DATA);
    for (int i = 0; i < BIG; i++)
        buffer[i] = i * 7 + (i >> 8), stack[i] = i * 5;
}

/* 16-bit code by hand, assembled here and copied to the start of the segment. */
#define CODE16(name, text) extern char name[], name##_end[]; \
    asm(".section .rodata\n" #name ": .code16\n" text "\n .code32\n" #name "_end:\n .text\n")

CODE16(calls, "mov $5, %cx\n 1: call 2f\n loop 1b\n push $7\n push $8\n call 3f\n jmp 4f\n 2: add $3, %ax\n ret\n 3: mov %sp, %dx\n ret $4\n 4:");
CODE16(wide, "push %eax\n popw %bx\n popw %dx\n mov $0x10000, %ecx\n 1: loopl 1f\n 1: jcxz 2f\n inc %ecx\n 2: pushf\n pop %ax\n enterw $16, $1\n leave\n leal (%ebx,%esi), %edx");
CODE16(operands, "mov %cs:0, %ax\n mov %cs:2, %ecx\n mov $4, %si\n cs lodsw\n cs movsb\n mov %cs, %dx\n push %cs\n pop %bx\n mov %cs, 0x100\n xor 0x100, %dx\n push %fs\n pop %ax\n mov %fs:0x40, %ecx");
CODE16(store_to_code, "mov %al, %cs:0");
CODE16(far_calls, "lcall $0xF, $9f - far_calls\n lcall *%cs:8f - far_calls\n ljmp *%cs:7f - far_calls\n 9: add $0x10, %ax\n mov %sp, %bx\n lret\n 6: add $0x100, %ax\n lretw $2\n"
    " 8: .word 6b - far_calls, 0xF\n 7: .word 5f - far_calls, 0xF\n 5: pushf\n push %cs\n push $4f - far_calls\n iret\n ud2\n 4: xor %edx, %edx");
CODE16(tables, "mov $2f - tables, %bx\n jmp *%cs:(%bx)\n ud2\n 2: .word 3f - tables\n 3: mov $4f - tables, %dx\n call *%dx\n mov $1f - tables, %cx\n jmp *%cx\n ud2\n 4: inc %ax\n ret\n 1:");
CODE16(process, "mov $20, %eax\n int $0x80\n sub %eax, %esi");
CODE16(undefined, "nop\n ud2");
CODE16(null_call, "push $0\n push $0\n lret");
CODE16(far_away, "jmp . + 0x5000");
CODE16(conditions, "xor %dx, %dx\n stc\n jc 1f\n ud2\n 1: rcl %dx\n cmp $0x1111, %ax\n jne 2f\n rcl %dx\n 2: jg 3f\n inc %dx\n 3: js 4f\n inc %dx\n 4: cmp %ax, %bx\n jbe 5f\n jl 5f\n inc %dx\n 5: mov $3, %cx\n 6: inc %bx\n loopne 6b\n");

static void run16(const char *name, const char *from, const char *end)
{
    memset(code, 0xCC, 0x1000);
    memcpy(code, from, end - from);
    put_back(code + (end - from), 16);
    fresh();
    show(name, run(CODE, 0));
}
#define RUN16(name) run16(#name, name, name##_end)

static void by_hand(void)
{
    RUN16(calls);
    RUN16(wide);
    RUN16(operands);
    RUN16(store_to_code);
    RUN16(far_calls);
    RUN16(tables);
    RUN16(conditions);
    RUN16(undefined);
    RUN16(null_call);
    RUN16(far_away);
    fresh();
    in.esi = getpid();
    memcpy(code, process, process_end - process);
    put_back(code + (process_end - process), 16);
    int fine = run(CODE, 0);
    printf("system call %d, difference %d\n", fine, (int)out.esi);
}

static void limits(void)
{
    fresh();
    memset(code, 0x90, 0x1000);
    describe(CODE, code, 0x7F, 2, 0);
    show("runs over the limit", run(CODE, 0x40));
    show("begins beyond it", run(CODE, 0x80));
    memcpy(code + 0x7E, "\xB8\x34\x12", 3);
    show("reaches beyond it", run(CODE, 0x70));
    memcpy(code + 0x40, "\x74\x02\xE9\x00\x50", 5); /* je +2, jmp far away */
    show("jumps beyond it", run(CODE, 0x40));
    memset(code + 0x40, 0x90, 5);
    put_back(code + 0x78, 16);
    describe(CODE, code, 0x7F + 1, 2, 0);
    show("has grown", run(CODE, 0x40));
    describe(CODE, code + 0x20, 0x7F, 2, 0);
    show("has moved", run(CODE, 0x20));
    describe(CODE, code, BIG - 1, 2, 0);
    /* 32-bit code with a base, then the same bytes as code of both sizes. */
    memcpy(code, "\xE8\x02\x00\x00\x00\xEB\x06\xB8\x78\x56\x34\x12\xC3", 13);
    put_back(code + 13, 32);
    to_stack.offset = 0x8000;
    show("32 bits", run(CODE32, 0));
    memset(code, 0x90, 64);
    memcpy(code, "\xB8\x78\x56\x90\x90\x40", 6);
    put_back(code + 6, 32);
    for (int i = 0; i < 2; i++) {
        put_back(code + 6, 32);
        show("both, as 32", run(CODE32, 0));
        put_back(code + 6, 16);
        show("both, as 16", run(CODE, 0));
    }
    code[1] = 0x11;
    show("rewritten", run(CODE, 0));
    struct user_desc none = { .entry_number = CODE, .read_exec_only = 1, .seg_not_present = 1 };
    EQ(modify_ldt(&none), 0);
    show("gone", run(CODE, 0));
    describe(CODE, code, BIG - 1, 2, 0);
    describe(CODE32 + 1, code, BIG - 1, 2, 0);
    none.entry_number = CODE32 + 1;
    none.contents = 2;
    none.read_exec_only = 0;
    EQ(modify_ldt(&none), 0);
    show("not present", run(CODE32 + 1, 0));
}

static volatile int ticks;
static volatile uint16_t tick_cs;
static volatile uint32_t tick_ip;

static void tick(int sig, siginfo_t *info, void *uc)
{
    (void)sig, (void)info;
    greg_t *r = ((ucontext_t *)uc)->uc_mcontext.gregs;
    if ((r[REG_CS] & 0xFFFF) != selector(CODE))
        return;
    tick_cs = r[REG_CS];
    tick_ip = r[REG_EIP];
    if (++ticks == 20)
        buffer[0] = 1; /* the loop's end */
}

CODE16(spin, "1: incl 4\n call 2f\n cmpb $0, 0\n je 1b\n jmp 3f\n 2: push %ax\n pop %ax\n ret\n 3: add %ax, %ax");

static void over_signals(void)
{
    guest_handle(SIGALRM, tick, SA_ONSTACK);
    memcpy(code, spin, spin_end - spin);
    put_back(code + (spin_end - spin), 16);
    fresh();
    buffer[0] = 0;
    struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { };
    setitimer(ITIMER_REAL, &often, NULL);
    show("interrupted", run(CODE, 0));
    setitimer(ITIMER_REAL, &never, NULL);
    printf("in the handler: cs %x, eip within %d\n", tick_cs, tick_ip < spin_end - spin + 7);
}

/* Flat code that is called with another ds: returns and indirect jumps must not depend on it. */
__attribute__((noinline)) static int leaf(int x) { asm volatile("" : "+r"(x)); return x + 1; }
static void other_ds(void)
{
    int (*volatile function)(int) = leaf;
    int sum = 0;
    for (int i = 0; i < 100; i++) {
        int result;
        asm volatile("mov %2, %%ds\n call *%1\n mov $0x2B, %%ecx\n mov %%ecx, %%ds" : "=a"(result) : "r"(function), "r"((uint32_t)selector(DATA)), "0"(i) : "ecx", "edx", "memory");
        sum += result;
    }
    printf("with another ds: %d\n", sum);
    /* Code that keeps being rewritten, run with another ds. */
    unsigned char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    sum = 0;
    for (int i = 0; i < 200; i++) {
        int result;
        p[0] = 0xB8;
        *(int *)(p + 1) = i;
        p[5] = 0xC3;
        asm volatile("mov %2, %%ds\n call *%1\n mov $0x2B, %%ecx\n mov %%ecx, %%ds" : "=a"(result) : "r"(p), "r"((uint32_t)selector(DATA)) : "ecx", "edx", "memory");
        sum += result;
    }
    printf("rewritten: %d\n", sum);
}

/* Random instructions, one at a time. */
static uint64_t seed = 12345;
static uint32_t random32(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return seed >> 32;
}

enum kind { NONE, RM, RM8, RMZ, ACC8, ACCZ, REG8, REGZ, MOFFS, FRAME };
static const struct template { unsigned char bytes[3], length, kind; } templates[] = {
#define ALU(n) { { n }, 1, RM }, { { n + 1 }, 1, RM }, { { n + 2 }, 1, RM }, { { n + 3 }, 1, RM }, { { n + 4 }, 1, ACC8 }, { { n + 5 }, 1, ACCZ }
    ALU(0x00), ALU(0x08), ALU(0x10), ALU(0x18), ALU(0x20), ALU(0x28), ALU(0x30), ALU(0x38),
    { { 0x27 }, 1, NONE }, { { 0x2F }, 1, NONE }, { { 0x37 }, 1, NONE }, { { 0x3F }, 1, NONE }, { { 0xD4 }, 1, ACC8 }, { { 0xD5 }, 1, ACC8 },
    { { 0x41 }, 1, NONE }, { { 0x4A }, 1, NONE }, { { 0x53 }, 1, NONE }, { { 0x54 }, 1, NONE }, { { 0x59 }, 1, NONE }, { { 0x5C }, 1, NONE }, { { 0x60 }, 1, NONE }, { { 0x61 }, 1, NONE },
    { { 0x62 }, 1, RM }, { { 0x63 }, 1, RM }, { { 0x68 }, 1, ACCZ }, { { 0x69 }, 1, RMZ }, { { 0x6A }, 1, ACC8 }, { { 0x6B }, 1, RM8 }, { { 0x6C }, 1, NONE },
    { { 0x80 }, 1, RM8 }, { { 0x81 }, 1, RMZ }, { { 0x83 }, 1, RM8 }, { { 0x84 }, 1, RM }, { { 0x85 }, 1, RM }, { { 0x86 }, 1, RM }, { { 0x87 }, 1, RM },
    { { 0x88 }, 1, RM }, { { 0x89 }, 1, RM }, { { 0x8A }, 1, RM }, { { 0x8B }, 1, RM }, { { 0x8D }, 1, RM }, { { 0x8F }, 1, RM }, { { 0x93 }, 1, NONE }, { { 0x98 }, 1, NONE },
    { { 0x99 }, 1, NONE }, { { 0x9C }, 1, NONE }, { { 0x9E }, 1, NONE }, { { 0x9F }, 1, NONE }, { { 0xA0 }, 1, MOFFS }, { { 0xA1 }, 1, MOFFS }, { { 0xA2 }, 1, MOFFS },
    { { 0xA3 }, 1, MOFFS }, { { 0xA4 }, 1, NONE }, { { 0xA5 }, 1, NONE }, { { 0xA6 }, 1, NONE }, { { 0xA7 }, 1, NONE }, { { 0xA8 }, 1, ACC8 }, { { 0xA9 }, 1, ACCZ }, { { 0xAA }, 1, NONE },
    { { 0xAB }, 1, NONE }, { { 0xAC }, 1, NONE }, { { 0xAD }, 1, NONE }, { { 0xAE }, 1, NONE }, { { 0xAF }, 1, NONE }, { { 0xB3 }, 1, REG8 }, { { 0xBA }, 1, REGZ }, { { 0xC0 }, 1, RM8 },
    { { 0xC1 }, 1, RM8 }, { { 0xC6 }, 1, RM8 }, { { 0xC7 }, 1, RMZ }, { { 0xC8 }, 1, FRAME }, { { 0xC9 }, 1, NONE }, { { 0xD1 }, 1, RM }, { { 0xD3 }, 1, RM }, { { 0xD7 }, 1, NONE },
    { { 0xD8 }, 1, RM }, { { 0xDA }, 1, RM }, { { 0xDE }, 1, RM }, { { 0xE4 }, 1, ACC8 }, { { 0xF4 }, 1, NONE }, { { 0xF6 }, 1, RM }, { { 0xF7 }, 1, RM }, { { 0xF8 }, 1, NONE },
    { { 0xFC }, 1, NONE }, { { 0xFD }, 1, NONE }, { { 0xFE }, 1, RM }, { { 0x0F, 0x44 }, 2, RM }, { { 0x0F, 0x4D }, 2, RM }, { { 0x0F, 0x6F }, 2, RM }, { { 0x0F, 0x7F }, 2, RM },
    { { 0x0F, 0xEF }, 2, RM }, { { 0x0F, 0xD4 }, 2, RM }, { { 0x0F, 0x58 }, 2, RM }, { { 0x0F, 0x10 }, 2, RM }, { { 0x0F, 0x2D }, 2, RM }, { { 0x0F, 0x7E }, 2, RM }, { { 0x0F, 0x92 }, 2, RM },
    { { 0x0F, 0xA3 }, 2, RM }, { { 0x0F, 0xA4 }, 2, RM8 }, { { 0x0F, 0xAB }, 2, RM }, { { 0x0F, 0xAD }, 2, RM }, { { 0x0F, 0xAF }, 2, RM }, { { 0x0F, 0xB0 }, 2, RM }, { { 0x0F, 0xB1 }, 2, RM },
    { { 0x0F, 0xB6 }, 2, RM }, { { 0x0F, 0xB7 }, 2, RM }, { { 0x0F, 0xBA }, 2, RM8 }, { { 0x0F, 0xBC }, 2, RM }, { { 0x0F, 0xBE }, 2, RM }, { { 0x0F, 0xC1 }, 2, RM }, { { 0x0F, 0xCB }, 2, NONE },
    { { 0x0F, 0x38, 0x00 }, 3, RM }, { { 0x0F, 0x3A, 0x0F }, 3, RM8 },
};

static unsigned char *put_operand(unsigned char *p, int address_bits)
{
    unsigned modrm = random32() & 0xFF, mod = modrm >> 6, rm = modrm & 7, bytes;
    *p++ = modrm;
    if (address_bits == 16) {
        bytes = mod == 1 ? 1 : mod == 2 || (mod == 0 && rm == 6) ? 2 : 0;
    } else {
        unsigned base = rm;
        if (mod != 3 && rm == 4)
            base = (*p++ = random32()) & 7;
        bytes = mod == 1 ? 1 : mod == 2 || (mod == 0 && base == 5) ? 4 : 0;
    }
    uint32_t displacement = random32() & (random32() & 1 ? 0xFFFFFFFF : 0xFFF);
    memcpy(p, &displacement, bytes);
    return p + bytes;
}

static unsigned char *put_insn(unsigned char *p)
{
    const struct template *t = &templates[random32() % (sizeof templates / sizeof *templates)];
    int operand = 16, address = 16, is_string = t->length == 1 && ((t->bytes[0] >= 0xA4 && t->bytes[0] <= 0xA7) || (t->bytes[0] >= 0xAA && t->bytes[0] <= 0xAF));
    if (random32() % 4 == 0)
        *p++ = 0x66, operand = 32;
    if (random32() % 4 == 0)
        *p++ = 0x67, address = 32;
    if (random32() % 4 == 0)
        *p++ = "\x26\x2E\x36\x3E\x64"[random32() % 5];
    if (is_string && random32() % 2)
        *p++ = 0xF2 | (random32() & 1);
    unsigned char *start = memcpy(p, t->bytes, t->length);
    p += t->length;
    uint32_t value = random32();
    int size = operand / 8;
    if (t->kind == RM || t->kind == RM8 || t->kind == RMZ)
        p = put_operand(p, address);
    if (t->bytes[0] == 0x62)
        start[1] &= 0x7F; /* bound; with a register it is a prefix */
    switch (t->kind) {
    case RM8: case ACC8: case REG8: size = 1; break;
    case RMZ: case ACCZ: case REGZ: break;
    case MOFFS: size = address / 8; value &= 0xFFFF; break;
    case FRAME: size = 3; value &= 0x0300FF; break;
    default: size = 0;
    }
    /* test r/m, imm of group 3 */
    if (t->length == 1 && (t->bytes[0] == 0xF6 || t->bytes[0] == 0xF7))
        size = 0;
    memcpy(p, &value, size);
    return p + size;
}

static void at_random(int rounds, int batch, int verbose)
{
    uint64_t digest = 0;
    int faults = 0;
    asm volatile("fninit; emms");
    for (int i = 0; i < rounds; i++) {
        fresh();
        if (random32() & 1)
            to_stack.offset &= 0xFFFF;
        uint32_t *r = &in.eax;
        for (int k = 0; k < 7; k++)
            r[k] = random32() & (random32() & 1 ? 0xFFFF : 0xFFFFFFFF);
        in.ecx &= 0xFF;
        in.flags = 0x202 | (random32() & 0x8D5);
        unsigned char *start = code + 0x200 + random32() % 0x100, *p = put_insn(start);
        put_back(p, 16);
        int fine = run(CODE, start - code);
        asm volatile("emms");
        if (fine) {
            out.flags &= ~0x10u; /* undefined after many, and then not the same twice */
            digest = guest_hash(digest, &out, sizeof out);
            digest = guest_hash(digest, &out_esp, sizeof out_esp);
        } else {
            faults++;
            for (int k = 0; k < NGREG; k++)
                if (k != REG_GS && k != REG_UESP && k != REG_EFL)
                    digest = guest_hash(digest, &at_fault[k], sizeof at_fault[k]);
        }
        digest = guest_hash(digest, buffer, BIG);
        digest = guest_hash(digest, stack, BIG);
        if (verbose) {
            printf("%d:", i);
            for (unsigned char *b = start; b < p; b++)
                printf(" %02x", *b);
            printf(" : ");
            show("", fine);
        }
        if (verbose || i % batch == batch - 1)
            printf("%d: %d faults, digest %016llx\n", i + 1, faults, (unsigned long long)digest);
    }
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    guest_handle_faults(fault);
    unsigned char *all = mmap(NULL, 4 * BIG, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    (code = all), (buffer = all + BIG), (stack = all + 2 * BIG);
    describe(CODE, code, BIG - 1, 2, 0);
    describe(DATA, buffer, BIG - 1, 0, 1);
    describe(STACK, stack, BIG - 1, 0, 0);
    describe(CODE32, code, BIG - 1, 2, 1);
    by_hand();
    limits();
    over_signals();
    other_ds();
    int rounds = argc > 1 ? atoi(argv[1]) : 1500;
    at_random(rounds, rounds > 10 ? rounds / 10 : 1, argc > 2);
    return guest_done();
}
