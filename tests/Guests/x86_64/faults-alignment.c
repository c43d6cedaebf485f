// cc: -O1 -mno-red-zone
// The alignment-check flag: SIGBUS for misaligned operands while it is set, everything else unharmed, cleared for good afterwards.
#include "guest.h"
#include <setjmp.h>

static sigjmp_buf back;
static volatile int code;

static void bus(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    /* Handlers start with the flag still set. */
    asm volatile("pushf; andq $~0x40000, (%%rsp); popf" ::: "memory", "cc");
    code = info->si_code;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~0x40000;
    siglongjmp(back, 1);
}

int main(void)
{
    char data[32] __attribute__((aligned(16))) = { 1 };
    guest_handle(SIGBUS, bus, 0);
    uint64_t sum = 0;
    asm volatile(
        "pushf; orq $0x40000, (%%rsp); popf\n\t"
        "mov $1000, %%ecx\n"
        "1: lea 2f(%%rip), %%rdx; jmp *%%rdx\n"
        "2: call 3f; jmp 4f\n"
        "3: addq 8(%[d]), %[sum]; ret\n"
        "4: incq %[sum]; dec %%ecx; jnz 1b\n\t"
        "mov $39, %%eax; syscall\n\t"
        "pushf; andq $~0x40000, (%%rsp); popf"
        : [sum] "+r"(sum) : [d] "r"(data) : "rax", "rcx", "rdx", "r11", "memory", "cc");
    EQ(sum, 1000);
    int faulted = 0;
    if (sigsetjmp(back, 1) == 0)
        asm volatile("pushf; orq $0x40000, (%%rsp); popf; mov 1(%0), %%rax; pushf; andq $~0x40000, (%%rsp); popf" :: "r"(data) : "rax", "memory", "cc");
    else
        faulted = 1;
    asm volatile("pushf; andq $~0x40000, (%%rsp); popf" ::: "memory", "cc");
    printf("misaligned faulted %d code %d\n", faulted, code);
    return guest_done();
}
