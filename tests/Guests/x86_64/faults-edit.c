// cc: -O1
// A handler that changes rip, registers and flags in its frame and returns; emulating instructions; retrying after mprotect.
#include "guest.h"

static volatile int hits;
static char *page;
static uint64_t emulated;

static void fix(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    greg_t *r = uc->uc_mcontext.gregs;
    hits++;
    if (sig == SIGILL) {
        r[REG_RIP] += 2;
        r[REG_RAX] = r[REG_RBX] + r[REG_R15];
        r[REG_R13] = 0x1313;
        r[REG_EFL] |= 0x41;
    } else if (sig == SIGFPE) {
        r[REG_RCX] = 5;
    } else if (info->si_code == SEGV_ACCERR) {
        CHECK((char *)info->si_addr == page + 128);
        mprotect(page, 4096, PROT_READ | PROT_WRITE);
    } else {
        r[REG_RIP] = r[REG_R12];
        r[REG_RSP] -= 8;
        *(greg_t *)r[REG_RSP] = emulated;
    }
}

int main(void)
{
    guest_handle(SIGILL, fix, 0);
    guest_handle(SIGFPE, fix, 0);
    guest_handle(SIGSEGV, fix, 0);
    page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    for (uint64_t i = 0; i < 1000; i++) {
        uint64_t rax, r13;
        uint8_t carry, zero;
        asm volatile("mov %[b], %%rbx; mov $100, %%r15d; mov $1, %%eax; or %%eax, %%eax; ud2; setc %[carry]; setz %[zero]; mov %%rax, %[rax]; mov %%r13, %[r13]"
            : [rax] "=&r"(rax), [r13] "=m"(r13), [carry] "=m"(carry), [zero] "=m"(zero) : [b] "r"(i) : "rax", "rbx", "r13", "r15", "cc", "memory");
        EQ(rax, i + 100);
        EQ(r13, 0x1313);
        EQ(carry, 1);
        EQ(zero, 1);
    }
    uint32_t quotient;
    asm volatile("mov $100, %%eax; xor %%edx, %%edx; xor %%ecx, %%ecx; div %%ecx; mov %%eax, %0" : "=r"(quotient) :: "rax", "rcx", "rdx", "cc");
    EQ(quotient, 20);
    for (int i = 0; i < 100; i++) {
        page[128] = (char)i;
        EQ(page[128], i);
        mprotect(page, 4096, PROT_READ);
    }
    emulated = 0xabcdef;
    uint64_t popped;
    asm volatile("lea 1f(%%rip), %%r12; xor %%eax, %%eax; mov (%%rax), %%rdx; ud2; 1: pop %0" : "=r"(popped) :: "rax", "rdx", "r12", "memory", "cc");
    EQ(popped, 0xabcdef);
    printf("%d faults\n", hits);
    return guest_done();
}
