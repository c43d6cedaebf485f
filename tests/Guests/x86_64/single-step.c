// cc: -O1 -mno-red-zone
// The trap flag: one SIGTRAP after each instruction with the next one's address, over branches, calls and a system call.
#include "guest.h"

extern char step_start[], step_end[];
static volatile int steps, offsets[64], codes_ok = 1;

static void trap(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
    if (steps < 64)
        offsets[steps] = (int)((char *)r[REG_RIP] - step_start);
    steps++;
    if (info->si_code != TRAP_TRACE || (char *)info->si_addr != (char *)r[REG_RIP])
        codes_ok = 0;
    if ((char *)r[REG_RIP] >= step_end)
        r[REG_EFL] &= ~0x100;
}

int main(void)
{
    guest_handle(SIGTRAP, trap, 0);
    for (int round = 0; round < 3; round++) {
        steps = 0;
        asm volatile(
            "pushf; orq $0x100, (%%rsp); popf\n"
            "step_start:\n\t"
            "nop\n\t"
            "mov $2, %%ecx\n"
            "1: dec %%ecx\n\t"
            "jnz 1b\n\t"
            "call 2f\n\t"
            "lea 3f(%%rip), %%rax\n\t"
            "jmp *%%rax\n"
            "2: ret\n"
            "3: mov $39, %%eax\n\t"
            "syscall\n\t"
            "nop\n\t"
            "mov $3, %%ecx\n\t"
            "cld; lea -256(%%rsp), %%rdi; rep stosb\n"
            "step_end:\n\t"
            "nop\n\t"
            "nop\n\t"
            ::: "rax", "rcx", "rdi", "r11", "memory", "cc");
    }
    printf("%d steps:", steps);
    for (int i = 0; i < steps && i < 64; i++)
        printf(" %d", offsets[i]);
    printf("\ncodes %d\n", codes_ok);
    return guest_done();
}
