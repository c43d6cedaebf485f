// cc: -O2
// cc[static]: -O2 -static
// The frame a handler finds: alignment, back chain, link register, old and new form, on the alternate stack and off it.
#include "guest.h"
#include <asm/ptrace.h>

static volatile uint32_t entry_sp, entry_lr, entry_r3, entry_r4, entry_r5, entry_r6;
static volatile int hits;
static uint32_t saved_sp, saved_nip, saved_mask, saved_flags;

void record(void);
asm("record_old: record_new:\n"
    " lis 11,entry_sp@ha\n stw 1,entry_sp@l(11)\n lis 11,entry_r3@ha\n stw 3,entry_r3@l(11)\n lis 11,entry_r4@ha\n stw 4,entry_r4@l(11)\n"
    " lis 11,entry_r5@ha\n stw 5,entry_r5@l(11)\n mflr 12\n lis 11,entry_lr@ha\n stw 12,entry_lr@l(11)\n lis 11,entry_r6@ha\n stw 6,entry_r6@l(11)\n"
    " lis 11,examine@ha\n addi 11,11,examine@l\n mtctr 11\n bctr\n");
extern char record_old[], record_new[];

struct old_sigaction { uint32_t handler, mask, flags, restorer; };
struct kernel_sigaction { uint32_t handler, flags, restorer, mask[2]; };
static int old_form;

void examine(int sig, siginfo_t *info, ucontext_t *uc) asm("examine");
void examine(int sig, siginfo_t *info, ucontext_t *uc)
{
    uint32_t *regs;
    hits++;
    if (old_form) {
        uint32_t *sc = (uint32_t *)info;
        EQ((uint32_t)sc, entry_sp + 64);
        EQ(sc[4], sig);
        EQ(sc[5], (uint32_t)record_old);
        saved_mask = sc[6];
        regs = (uint32_t *)sc[7];
        EQ((uint32_t)regs, entry_sp + 64 + 32);
    } else {
        EQ((uint32_t)info, entry_sp + 80);
        EQ((uint32_t)uc, entry_sp + 80 + 128);
        EQ(entry_r6, entry_sp + 80);
        EQ(info->si_signo, sig);
        EQ(uc->uc_flags, 0);
        regs = (uint32_t *)uc->uc_mcontext.uc_regs;
        EQ((uint32_t)regs, (uint32_t)uc + 192);
        memcpy(&saved_mask, &uc->uc_sigmask, 4);
        memcpy(&saved_mask, (char *)&uc->uc_sigmask, 4);
        saved_flags = uc->uc_stack.ss_flags;
    }
    EQ((uint32_t)regs & 15, 0);
    EQ(entry_sp & 15, 0);
    saved_sp = regs[1];
    saved_nip = regs[PT_NIP];
    EQ(*(uint32_t *)entry_sp, regs[1]); /* back chain */
    uint32_t *tramp = (uint32_t *)entry_lr;
    EQ(tramp[0], old_form ? 0x38000077 : 0x380000ac); /* li r0,number; sc */
    EQ(tramp[1], 0x44000002);
}

static char alternate[32768] __attribute__((aligned(16)));

int main(void)
{
    uint32_t here;
    asm("mr %0,1" : "=r"(here));
    struct kernel_sigaction sa = { (uint32_t)record_new, SA_SIGINFO, 0, { 0, 1 << 4 } };
    EQ(syscall(SYS_rt_sigaction, SIGUSR1, &sa, 0, 8), 0);
    raise(SIGUSR1);
    EQ(hits, 1);
    EQ(entry_r3, SIGUSR1);
    CHECK(saved_sp <= here && here - saved_sp < 4096);
    CHECK(saved_sp - entry_sp >= 80 + 128 + 1184 + 224 && saved_sp - entry_sp < 80 + 128 + 1184 + 224 + 16);

    stack_t stack = { alternate, 0, sizeof alternate }, seen;
    EQ(sigaltstack(&stack, 0), 0);
    sa.flags |= SA_ONSTACK;
    syscall(SYS_rt_sigaction, SIGUSR2, &sa, 0, 8);
    raise(SIGUSR2);
    EQ(hits, 2);
    CHECK((char *)entry_sp >= alternate && (char *)entry_sp < alternate + sizeof alternate);
    EQ(entry_sp, ((uint32_t)(alternate + sizeof alternate) - (128 + 1184 + 224)) / 16 * 16 - 80);
    EQ(saved_flags, 0);
    sigaltstack(0, &seen);
    EQ(seen.ss_flags, 0);

    old_form = 1;
    struct old_sigaction old = { (uint32_t)record_old, 0, 0, 0 }, previous;
    old.mask = 1 << (SIGUSR2 - 1);
    EQ(syscall(SYS_sigaction, SIGHUP, &old, 0), 0);
    raise(SIGHUP);
    EQ(hits, 3);
    EQ(entry_r3, SIGHUP);
    CHECK(saved_sp - entry_sp >= 64 + 32 + 992 + 224 && saved_sp - entry_sp < 64 + 32 + 992 + 224 + 16);
    EQ(syscall(SYS_sigaction, SIGHUP, 0, &previous), 0);
    EQ(previous.mask, 1 << (SIGUSR2 - 1));
    EQ(previous.handler, (uint32_t)record_old);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, 0);
    raise(SIGHUP);
    EQ(hits, 4);
    CHECK(saved_mask & 1 << (SIGTERM - 1));
    sigprocmask(SIG_BLOCK, 0, &set);
    CHECK(sigismember(&set, SIGTERM) == 1 && sigismember(&set, SIGUSR2) == 0);
    return guest_done();
}
