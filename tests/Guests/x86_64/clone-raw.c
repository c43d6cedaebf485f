// cc: -O1
// clone and clone3 without libc's help: a thread on an own stack, set_tid, clear_tid with futex, fork-like clone3 with pidfd.
#include "guest.h"
#include <linux/futex.h>
#include <linux/sched.h>
#include <sched.h>

static volatile int shared, child_tid, parent_tid;
static char stack1[65536] __attribute__((aligned(16)));
static char stack2[65536] __attribute__((aligned(16)));

#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

/* The new thread starts with every register but rax and rsp as the parent had it; it checks some of them and exits. */
static long raw_thread(void)
{
    long result;
    register long r10 asm("r10") = (long)&child_tid;
    register long r8 asm("r8") = 0;
    asm volatile(
        "mov $0x1122334455667788, %%r12\n\t"
        "mov $0x99aabbccddeeff00, %%r13\n\t"
        "mov $7, %%r14\n\t"
        "mov $8, %%r15\n\t"
        "syscall\n\t"
        "test %%rax, %%rax\n\t"
        "jnz 1f\n\t"
        "xor %%ebx, %%ebx\n\t"
        "mov $0x1122334455667788, %%rax\n\t"
        "cmp %%rax, %%r12\n\t"
        "setne %%bl\n\t"
        "mov $0x99aabbccddeeff00, %%rax\n\t"
        "cmp %%rax, %%r13\n\t"
        "setne %%al\n\t"
        "or %%al, %%bl\n\t"
        "cmp $7, %%r14\n\t"
        "setne %%al\n\t"
        "or %%al, %%bl\n\t"
        "lea 100(%%rbx), %%eax\n\t"
        "lock xadd %%eax, shared(%%rip)\n\t"
        "mov %[exit], %%eax\n\t"
        "xor %%edi, %%edi\n\t"
        "syscall\n\t"
        "ud2\n"
        "1:"
        : "=a"(result)
        : "a"((long)SYS_clone), "D"((long)(THREAD_FLAGS | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID)),
          "S"(stack1 + sizeof stack1), "d"(&parent_tid), "r"(r10), "r"(r8), [exit] "i"(SYS_exit)
        : "rcx", "r11", "r12", "r13", "r14", "r15", "rbx", "memory", "cc");
    return result;
}

static long raw_clone3_thread(struct clone_args *args)
{
    long result;
    asm volatile(
        "mov $0x5555, %%r12\n\t"
        "syscall\n\t"
        "test %%rax, %%rax\n\t"
        "jnz 1f\n\t"
        "lea 1(%%r12), %%eax\n\t"
        "lock xadd %%eax, shared(%%rip)\n\t"
        "push %%rax\n\t"
        "pop %%rbx\n\t"
        "mov %[exit], %%eax\n\t"
        "xor %%edi, %%edi\n\t"
        "syscall\n\t"
        "ud2\n"
        "1:"
        : "=a"(result) : "a"((long)SYS_clone3), "D"(args), "S"(sizeof *args), [exit] "i"(SYS_exit)
        : "rcx", "r11", "r12", "rbx", "memory", "cc");
    return result;
}

static void join(volatile int *tid)
{
    int value;
    while ((value = *tid) != 0)
        syscall(SYS_futex, tid, FUTEX_WAIT, value, NULL, NULL, 0);
}

int main(void)
{
    for (int i = 0; i < 20; i++) {
        shared = 0;
        child_tid = 1;
        long tid = raw_thread();
        CHECK(tid > 0);
        join(&child_tid);
        EQ(parent_tid, tid);
        EQ(shared, 100);
    }

    for (int i = 0; i < 20; i++) {
        shared = 0;
        child_tid = 1;
        struct clone_args a = {
            .flags = THREAD_FLAGS | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID,
            .stack = (uintptr_t)stack2, .stack_size = sizeof stack2,
            .parent_tid = (uintptr_t)&parent_tid, .child_tid = (uintptr_t)&child_tid,
        };
        long tid = raw_clone3_thread(&a);
        CHECK(tid > 0);
        join(&child_tid);
        EQ(parent_tid, tid);
        EQ(shared, 0x5556);
    }

    int pidfd = -1;
    struct clone_args f = { .flags = CLONE_PIDFD, .pidfd = (uintptr_t)&pidfd, .exit_signal = SIGCHLD };
    fflush(stdout);
    pid_t pid = syscall(SYS_clone3, &f, sizeof f);
    if (pid == 0)
        _exit(33);
    CHECK(pid > 0 && pidfd >= 0);
    siginfo_t info;
    memset(&info, 0, sizeof info);
    CHECK(waitid(P_PIDFD, pidfd, &info, WEXITED) == 0);
    printf("clone3 child status %d code %d\n", info.si_status, info.si_code == CLD_EXITED);
    EQ(info.si_pid, pid);
    close(pidfd);

    FAILS(syscall(SYS_clone3, &f, 8), EINVAL);
    FAILS(syscall(SYS_clone3, (void *)8, sizeof f), EFAULT);
    struct clone_args bad = { .flags = CLONE_THREAD };
    FAILS(syscall(SYS_clone3, &bad, sizeof bad), EINVAL);
    FAILS(syscall(SYS_clone, CLONE_SIGHAND, 0, 0, 0, 0), EINVAL);
    FAILS(syscall(SYS_clone, CLONE_THREAD, 0, 0, 0, 0), EINVAL);
    return guest_done();
}
