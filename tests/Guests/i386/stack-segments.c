// cc: -O1 -fno-pic -no-pie
// Flat code on stacks of the local descriptor table. On one of 16 bits every push, call and return goes by sp, whose upper half stays and which
// wraps at 64 KiB, whatever the size of the code; stacks with a limit, that grow down, that change under the program. The processor is the oracle.
#include "guest.h"
#include <asm/ldt.h>
#include <setjmp.h>
#include <sys/time.h>

enum { SMALL = 1, BIG = 2, LIMITED = 3, DOWN = 4, CODE16 = 5, CODE32 = 6, SIZE = 65536 };

static unsigned char *stack, *code;
static sigjmp_buf back;
static volatile int signal_number, signal_code;
static greg_t at_fault[NGREG];

static uint16_t selector(int entry) { return entry << 3 | 7; }

static void describe(int entry, void *base, unsigned limit, int contents, int bits32)
{
    struct user_desc d = { .entry_number = entry, .base_addr = (unsigned)base, .limit = limit, .contents = contents, .seg_32bit = bits32, .useable = 1 };
    EQ(guest_syscall(SYS_modify_ldt, 0x11, (long)&d, sizeof d, 0, 0), 0);
}

static void fault(int sig, siginfo_t *info, void *uc)
{
    memcpy(at_fault, ((ucontext_t *)uc)->uc_mcontext.gregs, sizeof at_fault);
    (signal_number = sig), (signal_code = info->si_code);
    siglongjmp(back, 1);
}

/* Runs "tested" on another stack. Registers go in and come out by memory, as the stack may be anywhere. */
struct { uint32_t offset; uint16_t selector; } __attribute__((packed)) other;
uint32_t tested, flat_esp, out_esp, out_eax, out_edx;
void run_there(void);
asm("run_there:\n  pusha\n  mov %esp, flat_esp\n  xor %eax, %eax\n  xor %edx, %edx\n  lss other, %esp\n  jmp *tested\n"
    "run_back:\n  mov %esp, out_esp\n  mov %eax, out_eax\n  mov %edx, out_edx\n  mov $0x2B, %eax\n  mov %eax, %ss\n  mov flat_esp, %esp\n  cld\n  popa\n  ret\n");

static uint64_t digest(void)
{
    uint64_t sum = 0;
    for (int i = 0; i < SIZE; i++)
        sum = sum * 31 + stack[i];
    return sum;
}

static void run(const char *what, void *function, int entry, uint32_t esp)
{
    for (int i = 0; i < SIZE; i++)
        stack[i] = i * 5 + (i >> 8);
    other.offset = esp;
    other.selector = selector(entry);
    tested = (uint32_t)function;
    signal_number = 0;
    if (sigsetjmp(back, 1) == 0) {
        run_there();
        printf("%s at %x of %d: esp %x eax %x edx %x", what, esp, entry, out_esp, out_eax, out_edx);
    } else {
        printf("%s at %x of %d: signal %d code %d trap %d error %x eip +%x esp %x", what, esp, entry, signal_number, signal_code, (int)at_fault[REG_TRAPNO],
            (int)at_fault[REG_ERR], (unsigned)at_fault[REG_EIP] - (unsigned)function, (unsigned)at_fault[REG_ESP]);
    }
    /* Return addresses are on the stack: the same natively, as the program has no position of its own. */
    printf(" stack %llx\n", (unsigned long long)digest());
}

#define CASE(name, text) extern char name[]; asm(".text\n" #name ":\n" text "\n  jmp run_back\n")

CASE(calls, "  mov $3, %ecx\n 1: call 2f\n  loop 1b\n  jmp 3f\n 2: inc %eax\n  call 4f\n  ret\n 4: add $0x10, %eax\n  mov %esp, %edx\n  ret\n 3:");
CASE(ret_imm, "  push $1\n  push $2\n  call 1f\n  jmp 2f\n 1: mov %esp, %edx\n  ret $8\n 2:");
CASE(ret_far_imm, "  push $1\n  call 1f\n  jmp 2f\n 1: mov %esp, %edx\n  ret $0xFFF0\n 2:");
CASE(through_register, "  mov $1f, %eax\n  call *%eax\n  mov $2f, %eax\n  jmp *%eax\n  ud2\n 1: mov %esp, %edx\n  inc %eax\n  ret\n 2:");
CASE(through_memory, "  call *%ds:9f\n  jmp *%cs:8f\n  ud2\n 1: mov %esp, %edx\n  ret\n 9: .long 1b\n 8: .long 2f\n 2:");
CASE(through_stack, "  push $1f\n  ret\n  ud2\n 1: push $2f\n  movzwl %sp, %ebx\n  call *%ss:(%ebx)\n  pop %eax\n  jmp 3f\n 2: mov %esp, %edx\n  ret\n 3: xor %ebx, %ebx");
CASE(frames, "  xor %ecx, %ecx\n  xor %ebx, %ebx\n  xor %ebp, %ebp\n  xor %esi, %esi\n  xor %edi, %edi\n  push %ebp\n  mov %esp, %ebp\n  pusha\n  popa\n  enter $32, $0\n  mov %esp, %edx\n  leave\n  mov %ebp, %esp\n  pop %ebp");
CASE(by_hand, "  push $1f\n  popl %eax\n  pushl %eax\n  popl %ds:out_eax\n  pushf\n  pop %edx\n  and $1, %edx\n  pushw $0x1234\n  pop %ax\n 1:");
CASE(far_flat, "  lcall $0x23, $1f\n  push $2f\n  pushw $0\n  pushw $0\n  add $4, %esp\n  jmp 2f\n 1: mov %esp, %edx\n  inc %eax\n  lret\n 2: add $4, %esp");
CASE(far_memory, "  lcall *%cs:9f\n  pushf\n  push $0x23\n  push $2f\n  iret\n 1: mov %esp, %edx\n  lret $4\n 9: .long 1b\n .word 0x23\n 2:");
CASE(system_call, "  mov $20, %eax\n  int $0x80\n  call 1f\n  xor %eax, %eax\n  jmp 2f\n 1: mov $64, %eax\n  int $0x80\n  mov %esp, %edx\n  ret\n 2:");
CASE(other_segments, "  push %ds\n  push %es\n  push %fs\n  pop %fs\n  pop %es\n  pop %ds\n  push %cs\n  pop %eax\n  mov %esp, %edx");
CASE(only_push, "  push $7");
CASE(only_pop, "  pop %eax");
CASE(only_call, "  call 1f\n 1:");
CASE(only_ret, "  ret");
CASE(only_far_call, "  lcall $0x23, $1f\n 1:");
CASE(only_far_ret, "  lret");
CASE(only_iret, "  iret");
CASE(call_indirect, "  mov $1f, %eax\n  call *%eax\n 1:");
CASE(reload, "  call 1f\n  jmp 2f\n 1: mov %ss, %eax\n  mov %eax, %ss\n  pushw %ss\n  pop %dx\n  push %ss\n  pop %ss\n  ret\n 2: mov %esp, %edx");
CASE(refused, "  mov $0x33, %eax\n  mov %eax, %ss");
CASE(null_stack, "  xor %eax, %eax\n  mov %eax, %ss");
CASE(absent_stack, "  mov $0xFF7, %eax\n  mov %eax, %ss");
CASE(code_as_stack, "  mov $0x37, %eax\n  mov %eax, %ss");
/* From one stack to another and back: what runs has to change with it, also when the code was met before. */
CASE(two_stacks, "  call 1f\n  mov %ss, %ebx\n  mov %esp, %ecx\n  lss other_big, %esp\n  call 1f\n  mov %ebx, %ss\n  mov %ecx, %esp\n  call 1f\n  jmp 2f\n 1: inc %eax\n  ret\n 2: xor %ebx, %ebx\n  xor %ecx, %ecx");
struct { uint32_t offset; uint16_t selector; } __attribute__((packed)) other_big;

/* The stack's size changes under the program: it takes effect with the system call. */
struct user_desc changed;
CASE(resized, "  movl $123, %eax\n  mov $0x11, %ebx\n  mov $changed, %ecx\n  mov $16, %edx\n  call 1f\n  push $1\n  movl $0, %esp\n  movw $0x4000, %sp\n  call 3f\n  xor %edx, %edx\n  jmp 2f\n"
    " 1: mov $123, %eax\n  int $0x80\n  mov %esp, %edx\n  ret\n 3: mov %esp, %edx\n  ret\n 2:");

/* A long run that signals interrupt, with the handler on an alternate stack. */
CASE(spin, " 1: call 2f\n  cmpl $20, ticks\n  jb 1b\n  xor %eax, %eax\n  jmp 3f\n 2: push %eax\n  call 4f\n  pop %eax\n  ret\n 4: inc %eax\n  ret $0\n 3:");
volatile int ticks;
static volatile int wrong_ticks;

static void tick(int sig, siginfo_t *info, void *uc)
{
    (void)sig, (void)info;
    greg_t *r = ((ucontext_t *)uc)->uc_mcontext.gregs;
    if ((r[REG_SS] & 0xFFFF) == 0x2B)
        return;
    if ((r[REG_SS] & 0xFFFF) != selector(SMALL) || (unsigned)r[REG_ESP] >> 16 != 0xABCD)
        wrong_ticks++;
    ticks++;
}

static void everywhere(const char *name, void *function)
{
    run(name, function, SMALL, 0xABCD8000);
    run(name, function, SMALL, 0x8000);
    run(name, function, SMALL, 0x12340000);
    run(name, function, SMALL, 0xFFFFFFFE);
    run(name, function, SMALL, 6);
    run(name, function, BIG, 0x8000);
    run(name, function, LIMITED, 0x55550800);
    run(name, function, LIMITED, 0x1000);
    run(name, function, DOWN, 0x8004);
    run(name, function, DOWN, 0x1008);
}
#define EVERYWHERE(name) everywhere(#name, name)

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    guest_handle_faults(fault);
    stack = mmap(NULL, 2 * SIZE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    code = stack + SIZE;
    describe(SMALL, stack, SIZE - 1, 0, 0);
    describe(BIG, stack, SIZE - 1, 0, 1);
    describe(LIMITED, stack, 0xFFF, 0, 0);
    describe(DOWN, stack, 0xFFF, 1, 0);
    describe(CODE16, code, SIZE - 1, 2, 0);
    describe(CODE32, code, SIZE - 1, 2, 1);
    EVERYWHERE(calls);
    EVERYWHERE(ret_imm);
    EVERYWHERE(ret_far_imm);
    EVERYWHERE(through_register);
    EVERYWHERE(through_memory);
    EVERYWHERE(through_stack);
    EVERYWHERE(frames);
    EVERYWHERE(by_hand);
    EVERYWHERE(far_flat);
    EVERYWHERE(far_memory);
    EVERYWHERE(other_segments);
    EVERYWHERE(only_push);
    EVERYWHERE(only_pop);
    EVERYWHERE(only_call);
    EVERYWHERE(only_ret);
    EVERYWHERE(only_far_call);
    EVERYWHERE(only_far_ret);
    EVERYWHERE(only_iret);
    EVERYWHERE(call_indirect);
    EVERYWHERE(reload);
    run("refused", refused, SMALL, 0x8000);
    run("null", null_stack, SMALL, 0x8000);
    run("absent", absent_stack, SMALL, 0x8000);
    run("code", code_as_stack, SMALL, 0x8000);
    other_big.offset = 0x4000;
    other_big.selector = selector(BIG);
    for (int i = 0; i < 3; i++)
        run("two stacks", two_stacks, SMALL, 0xABCD8000);
    struct user_desc d = { .entry_number = SMALL, .base_addr = (unsigned)stack, .limit = SIZE - 1, .seg_32bit = 1, .useable = 1 };
    changed = d;
    run("16 bits become 32", resized, SMALL, 0x8000);
    changed.seg_32bit = 0;
    run("32 bits become 16", resized, SMALL, 0x8000);
    guest_handle(SIGALRM, tick, SA_ONSTACK);
    struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { };
    setitimer(ITIMER_REAL, &often, NULL);
    out_edx = 0;
    other.offset = 0xABCD8000;
    other.selector = selector(SMALL);
    tested = (uint32_t)spin;
    if (sigsetjmp(back, 1) == 0)
        run_there();
    setitimer(ITIMER_REAL, &never, NULL);
    printf("interrupted: esp %x, wrong %d, signal %d\n", out_esp, wrong_ticks, signal_number);
    return guest_done();
}
