// cc[plain]: -O1
// cc[noncanonical]: -O1 -DNONCANONICAL
// Hardware exceptions: signal, si_code, si_addr, saved rip, trap number and error code, and registers as they were at the faulting instruction.
#include "guest.h"
#include <setjmp.h>
#include <sys/stat.h>

static volatile int got_signal, got_code, got_trapno, got_err;
static volatile uintptr_t got_address, got_rip, got_cr2;
static volatile greg_t got_rbx, got_r11, got_r14;
static sigjmp_buf back;

static void catch(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    greg_t *r = uc->uc_mcontext.gregs;
    got_signal = sig;
    got_code = info->si_code;
    got_address = (uintptr_t)info->si_addr;
    got_rip = r[REG_RIP];
    got_trapno = r[REG_TRAPNO];
    got_err = r[REG_ERR];
    got_cr2 = r[REG_CR2];
    got_rbx = r[REG_RBX];
    got_r11 = r[REG_R11];
    got_r14 = r[REG_R14];
    siglongjmp(back, 1);
}

/* Runs the instruction text with known registers; %0 is an address operand. Records where it lay. */
#define FAULT(name, text, address) do { \
    uintptr_t at = 0; \
    got_signal = 0; \
    if (sigsetjmp(back, 1) == 0) { \
        asm volatile("lea 77f(%%rip), %%rax\n\tmov %%rax, %[at]\n\t" \
            "mov $0x1234567812345678, %%rbx\n\tmov $0x1111, %%r11\n\tmov $0x1414, %%r14\n\t" \
            "mov %[addr], %%rdi\n\txor %%eax, %%eax\n\txor %%edx, %%edx\n\tmov $1, %%ecx\n77:\t" text "\n\t" \
            : [at] "=m"(at) : [addr] "r"((uintptr_t)(address)) : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r11", "r14", "memory", "cc"); \
        printf("%-14s did not fault\n", name); \
    } else { \
        char where[32]; \
        snprintf(where, sizeof where, got_rip == (uintptr_t)(address) ? "operand" : "+%d", (int)(got_rip - at)); \
        printf("%-14s signal %2d code %3d trap %2d err %#x rip %s addr %s regs %d\n", name, got_signal, got_code, got_trapno, got_err, where, \
            got_address == (uintptr_t)(address) ? "operand" : got_address == at ? "rip" : got_address == 0 ? "0" : got_address == at + 1 ? "rip+1" : "other", \
            got_rbx == 0x1234567812345678 && got_r11 == 0x1111 && got_r14 == 0x1414); \
    } } while (0)

int main(void)
{
    static char alt[65536];
    stack_t stack = { .ss_sp = alt, .ss_size = sizeof alt };
    CHECK(sigaltstack(&stack, NULL) == 0);
    static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
        guest_handle(signals[i], catch, SA_ONSTACK);

    char *none = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *ro = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *rw = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(rw + 4096, 4096);

    FAULT("load null", "mov (%%rdi), %%rsi", 0);
    FAULT("load 0x123", "mov (%%rdi), %%rsi", 0x123);
    FAULT("store none", "movb $1, (%%rdi)", none + 5);
    FAULT("load none", "movzwl (%%rdi), %%esi", none + 5);
    FAULT("store ro", "mov %%rsi, (%%rdi)", ro + 100);
    FAULT("rmw ro", "lock incl (%%rdi)", ro + 100);
    FAULT("indexed", "mov 0x10(%%rdi,%%rcx,8), %%rsi", (uintptr_t)0x100000);
    FAULT("kernel", "mov (%%rdi), %%rsi", 0xffffffff81000000);
    FAULT("non-canonical", "mov (%%rdi), %%rsi", 0x8000000000000000);
    FAULT("push", "xchg %%rsp, %%rdi; push %%rbx; xchg %%rsp, %%rdi", none + 64);
    FAULT("rep stosb", "mov $5000, %%ecx; rep stosb", rw);
    FAULT("sse load", "movups (%%rdi), %%xmm1", rw + 4096);
    FAULT("sse aligned", "movaps (%%rdi), %%xmm1", rw + 8);
    FAULT("x87 load", "fldl (%%rdi)", none);
    FAULT("call none", "call *%%rdi", none + 16);
    FAULT("jmp none", "jmp *%%rdi", none + 16);
#ifdef NONCANONICAL
    FAULT("jmp noncanon", "jmp *%%rdi", 0x8000000000000000);
#endif
    FAULT("jmp data", "jmp *%%rdi", rw + 16);
    FAULT("call memory", "call *(%%rdi)", none + 16);
    FAULT("jmp memory", "jmp *8(%%rdi)", none + 8);
    FAULT("ud2", "ud2", 0);
    FAULT("div", "div %%edx", 0);
    FAULT("idiv big", "mov $1, %%esi; mov $0x80000000, %%eax; cltd; mov $-1, %%esi; idiv %%esi", 0);
    FAULT("int3", "int3", 0);
    FAULT("int 3", ".byte 0xcd, 3", 0);
    FAULT("int 0x2e", "int $0x2e", 0);
    FAULT("int 4", "int $4", 0);
    FAULT("hlt", "hlt", 0);
    FAULT("cli", "cli", 0);
    FAULT("sti", "sti", 0);
    FAULT("in", "in $0x60, %%al", 0);
    FAULT("out", "out %%al, %%dx", 0);
    FAULT("insb", "insb", 0);
    FAULT("rdmsr", "rdmsr", 0);
    FAULT("wrmsr", "wrmsr", 0);
    FAULT("mov cr0", "mov %%cr0, %%rsi", 0);
    FAULT("mov dr7", "mov %%dr7, %%rsi", 0);
    FAULT("lgdt", "lgdt (%%rdi)", rw);
    FAULT("ltr", "ltr %%cx", 0);
    FAULT("invlpg", "invlpg (%%rdi)", rw);
    FAULT("wbinvd", "wbinvd", 0);
    FAULT("clts", "clts", 0);
    FAULT("iret bad", "push $0; push $0; push $0; push $0; push $0; iretq", 0);
    FAULT("mov ss", "mov $8, %%esi; mov %%si, %%ss", 0);
    FAULT("mov ds bad", "mov $0xfff8, %%esi; mov %%si, %%ds", 0);
    FAULT("06 invalid", ".byte 6", 0);
    FAULT("lock bad", ".byte 0xf0, 0x90", 0);
    FAULT("0f ff", ".byte 0x0f, 0xff, 0xc0", 0);
    FAULT("f3 0f 0b", ".byte 0xf3, 0x0f, 0x0b", 0);

    /* Hypervisors differ in what else they report for it. */
    got_signal = 0;
    if (sigsetjmp(back, 1) == 0)
        asm volatile(".byte 0xf1");
    EQ(got_signal, SIGTRAP);

    int fd = open("bus-file", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(ftruncate(fd, 100) == 0);
    char *file = mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED, fd, 0);
    FAULT("beyond eof", "mov (%%rdi), %%rsi", file + 4096);
    FAULT("store eof", "mov %%rsi, (%%rdi)", file + 5000);
    FAULT("jump eof", "jmp *%%rdi", file + 5000);
    CHECK(ftruncate(fd, 0) == 0);
    FAULT("truncated", "mov (%%rdi), %%rsi", file);
    close(fd);
    unlink("bus-file");

    unsigned mxcsr = 0x1f80 & ~0x200, normal = 0x1f80;
    FAULT("sse div", "ldmxcsr (%%rdi); xorps %%xmm1, %%xmm1; mov $1, %%esi; cvtsi2ss %%esi, %%xmm2; divss %%xmm1, %%xmm2", &mxcsr);
    asm volatile("ldmxcsr %0" :: "m"(normal));
    unsigned short cw = 0x37b, cw_normal = 0x37f;
    FAULT("x87 div", "fninit; fldcw (%%rdi); fld1; fldz; fdivrp; fwait", &cw);
    asm volatile("fnclex; fninit; fldcw %0" :: "m"(cw_normal));
    return guest_done();
}
