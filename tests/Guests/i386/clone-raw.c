// cc: -O1 -fno-pic -no-pie
// clone without libc's help: a thread on an own stack with a thread-local segment, registers kept, bad segments refused; the old fork and vfork.
#include "guest.h"
#include <asm/ldt.h>
#include <linux/futex.h>
#include <sched.h>

volatile int shared, child_tid, parent_tid;
static char stack[65536] __attribute__((aligned(16)));

enum { THREAD_FLAGS = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM };

/* f(flags, stack, parent tid, segment, child tid): the child checks its registers, reads its segment, and exits. */
asm(".text; raw_thread: push %ebp; push %ebx; push %esi; push %edi\n"
    "mov 20(%esp), %ebx; mov 24(%esp), %ecx; mov 28(%esp), %edx; mov 32(%esp), %esi; mov 36(%esp), %edi; mov $0x1357, %ebp; mov $120, %eax; int $0x80\n"
    "test %eax, %eax; jz 1f; pop %edi; pop %esi; pop %ebx; pop %ebp; ret\n"
    "1: mov %gs:0, %eax; cmp $0x1357, %ebp; je 2f; add $1000, %eax; 2: cmp $child_tid, %edi; je 3f; add $2000, %eax; 3: lock xadd %eax, shared\n"
    "mov $1, %eax; xor %ebx, %ebx; int $0x80; ud2");
long raw_thread(long flags, void *stack, volatile int *parent, struct user_desc *segment, volatile int *child);

static void join(void)
{
    int value;
    while ((value = child_tid) != 0)
        syscall(SYS_futex, &child_tid, FUTEX_WAIT, value, NULL, NULL, 0);
}

int main(void)
{
    static uint32_t block[2];
    uint16_t gs;
    asm("mov %%gs, %0" : "=r"(gs));
    struct user_desc d = { .entry_number = gs >> 3, .base_addr = (unsigned)block, .limit = 7, .seg_32bit = 1, .useable = 1 };
    for (int i = 0; i < 20; i++) {
        shared = 0;
        child_tid = 1;
        block[0] = 100 + i;
        long tid = raw_thread(THREAD_FLAGS | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID, stack + sizeof stack, &parent_tid, &d, &child_tid);
        CHECK(tid > 0);
        join();
        EQ(parent_tid, tid);
        EQ(shared, 100 + i);
    }

    long flags = THREAD_FLAGS | CLONE_SETTLS;
    d.entry_number = 3;
    printf("bad segments %ld", raw_thread(flags, stack + sizeof stack, &parent_tid, &d, &child_tid));
    d.entry_number = -1;
    printf(" %ld", raw_thread(flags, stack + sizeof stack, &parent_tid, &d, &child_tid));
    printf(" %ld\n", raw_thread(flags, stack + sizeof stack, &parent_tid, (void *)16, &child_tid));
    printf("bad flags %ld\n", guest_syscall(SYS_clone, CLONE_THREAD, 0, 0, 0, 0));
    fflush(stdout);
    pid_t pid = guest_syscall(SYS_fork, 0, 0, 0, 0, 0);
    if (pid == 0)
        _exit(41);
    printf("fork %d\n", WEXITSTATUS(guest_wait(pid)));
    volatile int on_stack = 1;
    pid = vfork();
    if (pid == 0) {
        on_stack = 2;
        guest_syscall(SYS_exit, 42, 0, 0, 0, 0);
    }
    printf("vfork %d %d\n", WEXITSTATUS(guest_wait(pid)), on_stack);
    return guest_done();
}
