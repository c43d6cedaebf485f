// cc: -O1 -fno-pic -no-pie
// Every fault a 32-bit program can cause: signal, code, trap number, error, address, and the instruction it is blamed on.
#include "guest.h"
#include <setjmp.h>

static sigjmp_buf back;

static void handler(int sig, siginfo_t *info, void *uc)
{
    gregset_t *g = &((ucontext_t *)uc)->uc_mcontext.gregs;
    uintptr_t eip = (*g)[REG_EIP];
    static const char hex[] = "0123456789abcdef";
    uint8_t *p = (uint8_t *)eip;
    char bytes[5] = "-";
    if (eip > 0x10000 && eip < 0xFFFFE000 && sig != SIGSEGV) {
        bytes[0] = hex[*p >> 4];
        bytes[1] = hex[*p & 15];
    }
    printf("  signal %d code %d trap %d error %x at %s", sig, info->si_code, (int)(*g)[REG_TRAPNO], (unsigned)(*g)[REG_ERR], bytes);
    uintptr_t at = (uintptr_t)info->si_addr;
    if (at < 0x20000 || at > 0xFFFF0000)
        printf(" address %x", (unsigned)at);
    else if (at == eip)
        printf(" address is eip");
    printf(" eax %x\n", (unsigned)(*g)[REG_EAX]);
    fflush(stdout);
    siglongjmp(back, 1);
}

#define TRY(name, text, ...) do { printf("%s\n", name); fflush(stdout); \
    if (sigsetjmp(back, 1) == 0) { asm volatile("mov $0x77, %%eax\n\t" text : : __VA_ARGS__ : "eax", "ecx", "edx", "memory", "cc"); puts("  fine"); } } while (0)

int main(void)
{
    for (int i = 1; i < 32; i++)
        if (i == SIGSEGV || i == SIGBUS || i == SIGILL || i == SIGFPE || i == SIGTRAP)
            guest_handle(i, handler, 0);
    TRY("read null", "mov 0, %%al");
    TRY("write low", "movl $1, 0x1234");
    TRY("read top page", "mov 0xFFFFF000, %%ecx");
    TRY("read wraps", "mov $0xFFFFFFFE, %%ecx; mov (%%ecx), %%ecx");
    TRY("base and index wrap", "mov $0xFFFFFF00, %%ecx; mov $0x300, %%edx; mov (%%ecx,%%edx), %%ecx");
    TRY("16-bit address", "mov $0x12340000, %%ecx; addr16 mov 0x7FF0, %%cl");
    TRY("read kernel", "mov 0xC0000000, %%edx; mov 0xFFFFFFFC, %%edx");
    TRY("divide by zero", "xor %%edx, %%edx; xor %%ecx, %%ecx; div %%ecx");
    TRY("divide overflow", "mov $0x80000000, %%eax; cltd; mov $-1, %%ecx; idiv %%ecx");
    TRY("aam 0", "aam $0");
    TRY("int3", "int3");
    TRY("int 3", ".byte 0xCD, 3");
    TRY("into", "mov $0x7F, %%al; inc %%al; into");
    TRY("int 4", "int $4");
    static const int32_t bounds[2] = { 0, 5 };
    TRY("bound", "bound %%eax, %0", "m"(bounds));
    TRY("int 0x81", "int $0x81");
    TRY("int 0", "int $0");
    TRY("ud2", "ud2");
    TRY("ud1", ".byte 0x0F, 0xB9, 0xC0");
    TRY("bad opcode", ".byte 0x0F, 0xFF, 0xC0");
    TRY("mov to cs", ".byte 0x8E, 0xC8");
    TRY("lock nop", ".byte 0xF0, 0x90");
    TRY("lds register", ".byte 0xC5, 0xC0");
    TRY("too long", ".byte 0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x66,0x90");
    TRY("hlt", "hlt");
    TRY("cli", "cli");
    TRY("in", "in $0x70, %%al");
    TRY("outs", "outsb");
    TRY("mov cr0", "mov %%cr0, %%ecx");
    TRY("lgdt", "lgdt (%%esp)");
    TRY("rdmsr", "rdmsr");
    TRY("wrong ds", "push %%ds; mov $0x10, %%ecx; mov %%ecx, %%ds");
    TRY("null es", "push %%es; xor %%ecx, %%ecx; mov %%ecx, %%es; mov %%es:(%%esp), %%ecx");
    asm volatile("push %ds; pop %es");
    TRY("null ss", "xor %%ecx, %%ecx; mov %%ecx, %%ss");
    TRY("call gate", "lcall $0x7, $0");
    TRY("far jump to nowhere", "ljmp $0x1238, $0");
    TRY("far jump to data", "ljmp $0x2B, $0");
    TRY("far jump", "ljmp $0x23, $1f; 1:");
    TRY("far call and return", "lcall $0x23, $1f; jmp 2f; 1: lret; 2:");
    TRY("iret", "pushf; push %%cs; push $1f; iret; 1:");
    TRY("iretw", "push $0; push $0x10; push $0; iretw");
    TRY("jump to null", "xor %%ecx, %%ecx; jmp *%%ecx");
    TRY("call low", "mov $0x100, %%ecx; call *%%ecx");
    TRY("jump with 16 bits", "data16 jmp 1f; 1:");
    TRY("return with 16 bits", "pushw $0x1230; data16 ret");
    TRY("jump to data", "jmp *%0", "r"(bounds));
    TRY("movaps", "movaps 1(%%esp), %%xmm0");
    TRY("x87", "fninit; fld1; fldz; push $0x360; fldcw (%%esp); fdivrp; fwait; fninit");
    TRY("sse", "push $0x1D80; ldmxcsr (%%esp); xorps %%xmm0, %%xmm0; movd %%eax, %%xmm1; divss %%xmm0, %%xmm1");
    return guest_done();
}
