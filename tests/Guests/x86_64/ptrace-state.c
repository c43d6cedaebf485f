// also: i386 ppc
// cc: -O1
// What a tracer sees and changes of a stopped child: memory, registers, calls, masks, single steps, a breakpoint; attaching and letting go.
#include "guest.h"
#include <elf.h>
#include <sys/ptrace.h>
#include <sys/prctl.h>
#include <sys/uio.h>

#if defined __powerpc__
#include <asm/ptrace.h>
typedef struct pt_regs regs_t;
#define PC(r) ((r).nip)
#define SP(r) ((r).gpr[1])
#define NUMBER(r) ((r).gpr[0])
#define RESULT(r) ((r).gpr[3])
#define SUCCEEDS(r) ((r).ccr &= ~0x10000000UL)
#define BREAKPOINT 0x7fe00008UL
#define BREAKPOINT_BITS 0xffffffffUL
#define BEHIND_BREAKPOINT 0
#else
#include <sys/user.h>
typedef struct user_regs_struct regs_t;
#ifdef __x86_64__
#define PC(r) ((r).rip)
#define SP(r) ((r).rsp)
#define NUMBER(r) ((r).orig_rax)
#define RESULT(r) ((r).rax)
#else
#define PC(r) ((r).eip)
#define SP(r) ((r).esp)
#define NUMBER(r) ((r).orig_eax)
#define RESULT(r) ((r).eax)
#endif
#define SUCCEEDS(r) ((void)0)
#define BREAKPOINT 0xccUL
#define BREAKPOINT_BITS 0xffUL
#define BEHIND_BREAKPOINT 1
#endif

struct call_info {
    uint8_t op, pad[3];
    uint32_t arch;
    uint64_t ip, sp, words[8];
};

static volatile long shared = 41;
static volatile int turns;

__attribute__((noinline)) static int stop_here(int n)
{
    __asm__ volatile ("");
    return n + 1;
}

static int stop_of(pid_t p)
{
    int status;
    CHECK(waitpid(p, &status, __WALL) == p);
    return status;
}

static regs_t registers(pid_t p)
{
    regs_t r;
    struct iovec v = { &r, sizeof r };
    memset(&r, 0x55, sizeof r);
    EQ(ptrace(PTRACE_GETREGSET, p, (void *)NT_PRSTATUS, &v), 0);
    return r;
}

static void put_registers(pid_t p, regs_t r)
{
    struct iovec v = { &r, sizeof r };
    EQ(ptrace(PTRACE_SETREGSET, p, (void *)NT_PRSTATUS, &v), 0);
}

static int code_of(pid_t p)
{
    siginfo_t info;
    return ptrace(PTRACE_GETSIGINFO, p, NULL, &info) == 0 ? info.si_code : -99;
}

static void memory_and_masks(pid_t p)
{
    uint64_t mask = 0;
    errno = 0;
    EQ(ptrace(PTRACE_PEEKDATA, p, (void *)&shared, NULL), 41);
    EQ(ptrace(PTRACE_POKEDATA, p, (void *)&shared, (void *)42L), 0);
    EQ(ptrace(PTRACE_PEEKDATA, p, (void *)&shared, NULL), 42);
    FAILS(ptrace(PTRACE_PEEKDATA, p, (void *)8, NULL), EIO);
    FAILS(ptrace(PTRACE_POKEDATA, p, (void *)8, NULL), EIO);
    EQ(ptrace(PTRACE_GETSIGMASK, p, (void *)8L, &mask), 0);
    CHECK(((uint32_t *)&mask)[0] == 1u << (SIGUSR2 - 1) || mask == 1u << (SIGUSR2 - 1));
    FAILS(ptrace(PTRACE_GETSIGMASK, p, (void *)4L, &mask), EINVAL);
    FAILS(ptrace(PTRACE_SETOPTIONS, p, NULL, (void *)0x4000L), EINVAL);
    FAILS(ptrace(PTRACE_CONT, p, NULL, (void *)65L), EIO);
    FAILS(ptrace((enum __ptrace_request)0x7777, p, NULL, NULL), EIO);
    long local = 0;
    struct iovec to = { &local, sizeof local }, from = { (void *)&shared, sizeof shared };
    EQ(process_vm_readv(p, &to, 1, &from, 1, 0), (long)sizeof local);
    EQ(local, 42);
}

/* getppid answers what the tracer says, and a second one is not made at all. */
static void calls(pid_t p)
{
    struct call_info info;
    int entered = 0;
    for (int i = 0; i < 2; i++) {
        regs_t r;
        do {
            EQ(ptrace(PTRACE_SYSCALL, p, NULL, NULL), 0);
            EQ(stop_of(p), (SIGTRAP | 0x80) << 8 | 0x7f);
            r = registers(p);
            entered++;
        } while (NUMBER(r) != SYS_getppid);
        memset(&info, 0, sizeof info);
        CHECK(ptrace((enum __ptrace_request)0x420e, p, (void *)sizeof info, &info) > 0);
        EQ(info.op, 1);
        EQ(info.words[0], SYS_getppid);
        CHECK(info.ip == (unsigned long)PC(r) && info.sp == (unsigned long)SP(r));
        EQ(code_of(p), SIGTRAP | 0x80);
        if (i == 1) {
            NUMBER(r) = -1;
            put_registers(p, r);
        }
        EQ(ptrace(PTRACE_SYSCALL, p, NULL, NULL), 0);
        EQ(stop_of(p), (SIGTRAP | 0x80) << 8 | 0x7f);
        CHECK(ptrace((enum __ptrace_request)0x420e, p, (void *)sizeof info, &info) > 0);
        EQ(info.op, 2);
        r = registers(p);
        RESULT(r) = 1000 + i;
        SUCCEEDS(r);
        put_registers(p, r);
    }
    CHECK(entered >= 2);
}

static void steps(pid_t p)
{
    int moved = 0;
    for (int i = 0; i < 50; i++) {
        regs_t before = registers(p), after;
        EQ(ptrace(PTRACE_SINGLESTEP, p, NULL, NULL), 0);
        EQ(stop_of(p), SIGTRAP << 8 | 0x7f);
        EQ(code_of(p), 2);
        after = registers(p);
        moved += PC(before) != PC(after);
    }
    EQ(moved, 50);
}

static void breakpoint(pid_t p)
{
    unsigned long at = (unsigned long)stop_here;
    long text = ptrace(PTRACE_PEEKTEXT, p, (void *)at, NULL);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    long trap = BREAKPOINT;
#else
    long trap = (text & ~BREAKPOINT_BITS) | BREAKPOINT;
#endif
    EQ(ptrace(PTRACE_POKETEXT, p, (void *)at, (void *)trap), 0);
    for (int i = 0; i < 3; i++) {
        EQ(ptrace(PTRACE_CONT, p, NULL, NULL), 0);
        EQ(stop_of(p), SIGTRAP << 8 | 0x7f);
        regs_t r = registers(p);
        EQ(PC(r) - at, BEHIND_BREAKPOINT);
        PC(r) = at;
        put_registers(p, r);
        EQ(ptrace(PTRACE_POKETEXT, p, (void *)at, (void *)text), 0);
        EQ(ptrace(PTRACE_SINGLESTEP, p, NULL, NULL), 0);
        EQ(stop_of(p), SIGTRAP << 8 | 0x7f);
        EQ(ptrace(PTRACE_POKETEXT, p, (void *)at, (void *)trap), 0);
    }
    EQ(ptrace(PTRACE_POKETEXT, p, (void *)at, (void *)text), 0);
}

static void child_main(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
    long first = syscall(SYS_getppid), second = syscall(SYS_getppid);
    int n = 0;
    for (int i = 0; i < 100; i++)
        n = stop_here(n);
    _exit(first == 1000 && second == 1001 && n == 100 && shared == 42 ? 7 : 8);
}

static void attached(void)
{
    pid_t p = fork();
    if (p == 0)
        for (;;)
            turns++;
    usleep(20000);
    EQ(ptrace(PTRACE_ATTACH, p, NULL, NULL), 0);
    EQ(stop_of(p), SIGSTOP << 8 | 0x7f);
    long before = ptrace(PTRACE_PEEKDATA, p, (void *)&turns, NULL);
    usleep(20000);
    EQ(ptrace(PTRACE_PEEKDATA, p, (void *)&turns, NULL), before);
    FAILS(ptrace(PTRACE_ATTACH, p, NULL, NULL), EPERM);
    EQ(ptrace(PTRACE_DETACH, p, NULL, NULL), 0);
    FAILS(ptrace(PTRACE_CONT, p, NULL, NULL), ESRCH);
    usleep(20000);
    EQ(ptrace(PTRACE_SEIZE, p, NULL, NULL), 0);
    FAILS(ptrace(PTRACE_CONT, p, NULL, NULL), ESRCH);
    usleep(20000);
    EQ(ptrace(PTRACE_INTERRUPT, p, NULL, NULL), 0);
    EQ(stop_of(p), 128 << 16 | SIGTRAP << 8 | 0x7f);
    CHECK(ptrace(PTRACE_PEEKDATA, p, (void *)&turns, NULL) != before);
    kill(p, SIGKILL);
    EQ(stop_of(p), SIGKILL);
}

/* A sleeping child is stopped and sleeps on; a call that a signal cuts short is seen before it is made again. */
static void sleeping(void)
{
    pid_t p = fork();
    if (p == 0) {
        struct timespec t = { 0, 300000000 };
        _exit(nanosleep(&t, NULL) == 0 ? 5 : 6);
    }
    usleep(50000);
    EQ(ptrace(PTRACE_SEIZE, p, NULL, NULL), 0);
    EQ(ptrace(PTRACE_INTERRUPT, p, NULL, NULL), 0);
    EQ(stop_of(p), 128 << 16 | SIGTRAP << 8 | 0x7f);
    EQ(ptrace(PTRACE_DETACH, p, NULL, NULL), 0);
    EQ(stop_of(p), 0x500);
}

int main(void)
{
    pid_t p = fork();
    if (p == 0)
        child_main();
    EQ(stop_of(p), SIGSTOP << 8 | 0x7f);
    EQ(code_of(p), SI_TKILL);
    EQ(ptrace(PTRACE_SETOPTIONS, p, NULL, (void *)(long)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)), 0);
    memory_and_masks(p);
    calls(p);
    steps(p);
    breakpoint(p);
    EQ(ptrace(PTRACE_CONT, p, NULL, NULL), 0);
    EQ(stop_of(p), 0x700);
    FAILS(ptrace(PTRACE_CONT, p, NULL, NULL), ESRCH);
    FAILS(ptrace(PTRACE_ATTACH, 0x7ffffff, NULL, NULL), ESRCH);
    attached();
    sleeping();
    return guest_done();
}
