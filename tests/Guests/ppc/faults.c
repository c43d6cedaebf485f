// cc: -O2
// cc[static]: -O2 -static
// Every processor fault becomes the right signal with the right code and address, the saved pc is the instruction's, and going on behind it works.
#include "guest.h"
#include <asm/ptrace.h>

static volatile int got_signal, got_code;
static volatile uint32_t got_address, got_nip, got_dar, got_trap, got_dsisr;

static void handler(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    got_signal = sig;
    got_code = info->si_code;
    got_address = (uint32_t)info->si_addr;
    got_nip = uc->uc_mcontext.uc_regs->gregs[PT_NIP];
    got_dar = uc->uc_mcontext.uc_regs->gregs[PT_DAR];
    got_dsisr = uc->uc_mcontext.uc_regs->gregs[PT_DSISR];
    got_trap = uc->uc_mcontext.uc_regs->gregs[PT_TRAP] & ~0xf;
    uc->uc_mcontext.uc_regs->gregs[PT_NIP] += 4;
}

/* One instruction with an operand in r5, between labels, and what has to come of it. */
#define CASE(insn, operand, sig, code, address) do { \
    register uint32_t r5 asm("r5") = (uint32_t)(operand); \
    register uint32_t r6 asm("r6") = 0x1234; \
    uint32_t at; \
    got_signal = 0; \
    asm volatile("bcl 20,31,1f\n1: mflr %1\n addi %1,%1,2f-1b\n2: " insn : "+r"(r6), "=&b"(at), "+r"(r5) : : "lr", "cr0", "memory", "xer"); \
    EQ(got_signal, sig); EQ(got_code, code); EQ(got_nip, at); \
    EQ(got_address, (uint32_t)(address) == AT_PC ? at : (uint32_t)(address)); \
} while (0)
#define AT_PC ~0u

int main(void)
{
    struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
    int all[] = { SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE };
    for (int i = 0; i < 5; i++)
        sigaction(all[i], &sa, 0);

    char *page = mmap(0, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(page + 8192, 4096);
    mprotect(page + 4096, 4096, PROT_READ);

    CASE("lwz 6,0(5)", 16, SIGSEGV, SEGV_MAPERR, 16);
    EQ(got_dar, 16);
    EQ(got_trap, 0x300);
    CASE("stw 6,8(5)", page + 4096, SIGSEGV, SEGV_ACCERR, page + 4104);
    EQ(got_dsisr & 0x02000000, 0x02000000);
    CASE("lbz 6,0(5)", page + 8192, SIGSEGV, SEGV_MAPERR, page + 8192);
    CASE("stb 6,0(5)", page + 8192 + 77, SIGSEGV, SEGV_MAPERR, page + 8192 + 77);
    CASE("lhbrx 6,0,5", 40, SIGSEGV, SEGV_MAPERR, 40);
    CASE("lwarx 6,0,5", 0x40, SIGSEGV, SEGV_MAPERR, 0x40);
    CASE("dcbz 0,5", page + 4096 + 32, SIGSEGV, SEGV_ACCERR, page + 4096 + 32);
    CASE("lfd 0,0(5)", 0x80, SIGSEGV, SEGV_MAPERR, 0x80);
    CASE("lvx 0,0,5", 0x90, SIGSEGV, SEGV_MAPERR, 0x90);

    /* An update form that faults leaves its base alone. */
    {
        register uint32_t base asm("r5") = 0x100, value asm("r6") = 7;
        asm volatile("lwzu 6,4(5)" : "+r"(base), "+r"(value) : : "memory");
        EQ(base, 0x100);
        EQ(value, 7);
        EQ(got_address, 0x104);
        asm volatile("stwu 6,-16(5)" : "+r"(base), "+r"(value) : : "memory");
        EQ(base, 0x100);
        EQ(got_address, 0xf0);
    }

    /* A file's mapping behind its end. */
    char name[] = "faults-XXXXXX";
    int fd = mkstemp(name);
    unlink(name);
    CHECK(write(fd, "x", 1) == 1);
    char *file = mmap(0, 8192, PROT_READ, MAP_SHARED, fd, 0);
    CASE("lwz 6,0(5)", file + 4096, SIGBUS, BUS_ADRERR, file + 4096);

    CASE(".long 0", 0, SIGILL, ILL_ILLOPC, AT_PC);
    CASE(".long 0x7c0000a6", 0, SIGILL, ILL_PRVOPC, AT_PC); /* mfmsr r0 */
    CASE(".long 0x4c000064", 0, SIGILL, ILL_PRVOPC, AT_PC); /* rfi */
    CASE(".long 0x7c1a43a6", 0, SIGILL, ILL_PRVOPC, AT_PC); /* mtsprg 0 ... as srr0 */
    CASE(".long 0x00000003", 0, SIGILL, ILL_ILLOPC, AT_PC);
    CASE("trap", 0, SIGTRAP, TRAP_BRKPT, AT_PC);
    CASE("tweqi 5,77", 77, SIGTRAP, TRAP_BRKPT, AT_PC);
    CASE("twlgti 5,3", 4, SIGTRAP, TRAP_BRKPT, AT_PC);
    got_signal = 0;
    asm volatile("tweqi %0,5\n twlti %0,5" : : "r"(6)); /* conditions that do not hold */
    EQ(got_signal, 0);

    /* A jump to where no code is. */
    void (*volatile bad)(void) = (void (*)(void))0x200;

    pid_t child = fork();
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL);
        bad();
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    return guest_done();
}
