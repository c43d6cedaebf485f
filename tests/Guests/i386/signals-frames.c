// cc[pic]: -O1 -pthread
// cc[static]: -O1 -static
// Both kinds of signal frame: layout, registers read and changed, floating-point state read and changed, return stubs, mask, argument registers.
#include "guest.h"

/* struct sigaction of rt_sigaction(2) and of sigaction(2), as the kernel has them. */
struct kernel_action { void *handler; unsigned long flags; void *restorer; uint32_t mask[2]; };
struct old_action { void *handler; uint32_t mask; unsigned long flags; void *restorer; };
struct context { uint32_t gs, fs, es, ds, edi, esi, ebp, esp, ebx, edx, ecx, eax, trapno, err, eip, cs, eflags, esp_at_signal, ss, fpstate, oldmask, cr2; };
struct fp { uint32_t env[7]; uint8_t st[8][10]; uint16_t status, magic; uint8_t fx[512]; };

static int changes;

static void show_context(struct context *c)
{
    printf("gs %x fs %x es %x ds %x cs %x ss %x trap %u err %x cr2 %x flags %x\n", c->gs & 0xFFFF ? 1 : 0, c->fs, c->es, c->ds, c->cs, c->ss, c->trapno, c->err, c->cr2, c->eflags & 0xCD5);
    printf("esp twice %d, edi %x esi %x edx %x eax %x\n", c->esp == c->esp_at_signal, c->edi, c->esi, c->edx, c->eax);
    struct fp *f = (struct fp *)c->fpstate;
    printf("fp %08x %08x %08x cs %x magic %u aligned %u", f->env[0], f->env[1], f->env[2], f->env[4], f->magic, (unsigned)((uintptr_t)f->fx & 63));
    for (int i = 0; i < 3; i++) {
        uint16_t exponent;
        memcpy(&exponent, f->st[i] + 8, 2);
        printf(" st%d exponent %x", i, exponent);
    }
    uint32_t mxcsr, xmm, sw[5];
    memcpy(&mxcsr, f->fx + 24, 4);
    memcpy(&xmm, f->fx + 160 + 16, 4);
    memcpy(sw, f->fx + 464, sizeof sw);
    printf(" mxcsr %x xmm1 %x sw %x sizes %d %d end %x\n", mxcsr, xmm, sw[0], (int)(sw[1] - sw[4]), sw[4] >= 576, *(uint32_t *)(f->fx + sw[4]));
}

static void change(struct context *c)
{
    struct fp *f = (struct fp *)c->fpstate;
    uint32_t v = 0x12345678;
    c->edi = 0xED1;
    c->edx = 0xED2;
    c->eflags |= 1;
    f->st[0][9] ^= 0x80;             /* x87 comes from the old image */
    memcpy(f->fx + 160 + 16, &v, 4); /* the rest from the new one */
    memcpy(f->fx + 32, &v, 4);
}

__attribute__((used)) void handler_body(int sig, void *info, void *uc, uint32_t *sp)
{
    printf("entry: argument registers %d %d %d, stack mod 16 %u\n", sig, info != 0, uc != 0, (unsigned)((uintptr_t)sp & 15));
    printf("signal %u\n", sp[1]);
    uint8_t *restorer = (uint8_t *)sp[0];
    printf("returns to %02x %02x %02x\n", restorer[0], restorer[1], restorer[2]);
    struct context *c;
    if (uc) {
        CHECK(sp[2] == (uint32_t)info && sp[3] == (uint32_t)uc && sp[2] == (uint32_t)(sp + 4));
        siginfo_t *si = info;
        printf("info %d %d, uc flags %x link %x stack flags %x\n", si->si_signo, si->si_code, ((uint32_t *)uc)[0], ((uint32_t *)uc)[1], ((uint32_t *)uc)[3]);
        c = (struct context *)((uint32_t *)uc + 5);
        printf("mask %x %x, code %08x\n", ((uint32_t *)uc)[27], ((uint32_t *)uc)[28], sp[65]);
    } else {
        c = (struct context *)(sp + 2);
        printf("mask %x %x, code %08x\n", c->oldmask, sp[180], sp[181]);
    }
    show_context(c);
    if (changes)
        change(c);
}

/* The handler passes its registers on. run_raw(out, pid, tid) sets registers, sends SIGUSR1, and stores what they are then. */
asm(".text\n"
    "entry: mov %esp, %esi; sub $12, %esp; push %esi; push %ecx; push %edx; push %eax; call handler_body; mov %esi, %esp; ret\n"
    "run_raw: push %ebx; push %ebp; push %esi; push %edi; mov 20(%esp), %ebp; mov 24(%esp), %ebx; mov 28(%esp), %ecx\n"
    "movups 64(%ebp), %xmm1; fninit; fldpi; fld1; fldz; mov $270, %eax; mov $10, %edx; mov $0x51, %esi; mov $0x71, %edi; push $0x202; popf; int $0x80\n"
    "mov %eax, 4(%ebp); pushf; pop 0(%ebp); mov %edi, 8(%ebp); mov %esi, 12(%ebp); mov %edx, 16(%ebp)\n"
    "fstpt 32(%ebp); fninit; movd %xmm1, 20(%ebp); pop %edi; pop %esi; pop %ebp; pop %ebx; ret");
extern char entry[];
void run_raw(void *out, int pid, int tid);

static void run(const char *title)
{
    uint32_t out[20] = { [16] = 0xAAAA, 1, 2, 3 };
    printf("-- %s\n", title);
    fflush(stdout);
    run_raw(out, getpid(), syscall(SYS_gettid));
    printf("back: carry %u eax %d edi %x esi %x edx %x st0 %08x %08x %04x xmm1 %x\n",
        out[0] & 1, (int)out[1], out[2], out[3], out[4], out[8], out[9], out[10] & 0xFFFF, out[5]);
}

int main(void)
{
    sigset_t more;
    sigemptyset(&more);
    sigaddset(&more, SIGHUP);
    sigaddset(&more, 40);
    sigprocmask(SIG_BLOCK, &more, NULL);
    for (changes = 0; changes < 2; changes++) {
        struct kernel_action a = { entry, 0, 0, { 0, 0 } };
        guest_syscall(SYS_rt_sigaction, SIGUSR1, (long)&a, 0, 8, 0);
        run("without siginfo");
        a.flags = SA_SIGINFO;
        guest_syscall(SYS_rt_sigaction, SIGUSR1, (long)&a, 0, 8, 0);
        run("with siginfo");
        struct old_action old = { entry, 0x10, SA_RESETHAND, 0 }, was;
        printf("sigaction %ld", guest_syscall(SYS_sigaction, SIGUSR1, (long)&old, (long)&was, 0, 0));
        printf(" was %d flags %lx\n", was.handler == (void *)entry, was.flags);
        run("by the old sigaction");
        guest_syscall(SYS_sigaction, SIGUSR1, 0, (long)&was, 0, 0);
        printf("reset %d\n", was.handler == NULL);
    }
    return guest_done();
}
