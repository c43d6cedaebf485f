// cc: -O1 -pthread -fno-pic -no-pie
// Thread-local descriptors and the local descriptor table: bases, limits, rights; selectors in threads, after signals and after fork.
#include "guest.h"
#include <asm/ldt.h>
#include <pthread.h>
#include <setjmp.h>

static sigjmp_buf back;
static siginfo_t last;
static int last_trap, last_error;

static void fault(int sig, siginfo_t *info, void *uc)
{
    (void)sig;
    last = *info;
    last_trap = ((ucontext_t *)uc)->uc_mcontext.gregs[REG_TRAPNO];
    last_error = ((ucontext_t *)uc)->uc_mcontext.gregs[REG_ERR];
    asm volatile("mov %0, %%es" : : "r"(0x2B));
    siglongjmp(back, 1);
}

/* Prints which signal a statement ends in. */
#define TRY(what) do { if (sigsetjmp(back, 1) == 0) { what; printf("%s: fine\n", #what); } else \
    printf("%s: signal %d code %d trap %d error %x\n", #what, last.si_signo, last.si_code, last_trap, last_error); } while (0)

static uint32_t data[64];
static unsigned areas[2];

static struct user_desc describe(int entry, void *base, unsigned limit)
{
    struct user_desc d = { .entry_number = entry, .base_addr = (unsigned)base, .limit = limit, .seg_32bit = 1, .useable = 1 };
    return d;
}

static uint32_t es_load(uint16_t selector, uint32_t offset)
{
    uint32_t value;
    asm volatile("push %%es; mov %1, %%es; mov %%es:(%2), %0; pop %%es" : "=&r"(value) : "r"(selector), "r"(offset));
    return value;
}

static void es_store(uint16_t selector, uint32_t offset, uint32_t value)
{
    asm volatile("push %%es; mov %0, %%es; mov %2, %%es:(%1); pop %%es" : : "r"(selector), "r"(offset), "r"(value) : "memory");
}

static uint32_t fs_load(uint32_t offset)
{
    uint32_t value;
    asm volatile("mov %%fs:(%1), %0" : "=r"(value) : "r"(offset));
    return value;
}

static void set_fs(uint16_t selector) { asm volatile("mov %0, %%fs" : : "r"(selector)); }

static uint16_t get_fs(void)
{
    uint16_t fs;
    asm volatile("mov %%fs, %0" : "=r"(fs));
    return fs;
}

static void thread_areas(void)
{
    struct user_desc d = describe(-1, data, sizeof data - 1);
    for (unsigned i = 0; i < sizeof data / sizeof *data; i++)
        data[i] = 1000 + i;
    EQ(guest_syscall(SYS_set_thread_area, (long)&d, 0, 0, 0, 0), 0);
    areas[0] = d.entry_number;
    printf("entry is a thread-local one: %d\n", d.entry_number >= 12 && d.entry_number <= 14);
    uint16_t selector = d.entry_number << 3 | 3;
    printf("loads %u %u\n", es_load(selector, 0), es_load(selector, 20));
    TRY(es_load(selector, sizeof data));
    TRY(es_load(selector, sizeof data - 2));
    set_fs(selector);
    printf("fs %u %u\n", fs_load(4), fs_load(252));
    TRY(fs_load(256));
    uint32_t sum = 5;
    asm volatile("add %%fs:8, %0; fs xchg %0, 12; lock fs addl $1, 16; fs push 20; pop %%edx; add %%edx, %0" : "+r"(sum) : : "edx", "memory");
    printf("fs operands %u %u %u\n", sum, data[3], data[4]);
    const char text[] = "from fs by movs";
    memcpy(data + 32, text, sizeof text);
    char copied[sizeof text];
    const void *from = (void *)(32 * 4);
    void *to = copied;
    uint32_t n = sizeof text;
    asm volatile("rep fs movsb" : "+S"(from), "+D"(to), "+c"(n) : : "memory");
    puts(copied);

    struct user_desc got = { .entry_number = d.entry_number };
    EQ(guest_syscall(SYS_get_thread_area, (long)&got, 0, 0, 0, 0), 0);
    printf("same %d limit %x\n", got.base_addr == d.base_addr, got.limit);
    d.read_exec_only = 1;
    EQ(guest_syscall(SYS_set_thread_area, (long)&d, 0, 0, 0, 0), 0);
    TRY(es_store(selector, 0, 1));
    d = describe(5, data, 10);
    printf("bad entries %ld", guest_syscall(SYS_set_thread_area, (long)&d, 0, 0, 0, 0));
    d.entry_number = 4000;
    printf(" %ld", guest_syscall(SYS_get_thread_area, (long)&d, 0, 0, 0, 0));
    printf(" %ld\n", guest_syscall(SYS_set_thread_area, 16, 0, 0, 0, 0));
    set_fs(0);
    TRY(fs_load(0));
    TRY(set_fs(0x10));
    TRY(set_fs(0x7F));
    EQ(get_fs(), 0);
    set_fs(3);
    EQ(get_fs(), 3);
}

static long modify_ldt(int function, void *p, unsigned long n) { return guest_syscall(SYS_modify_ldt, function, (long)p, n, 0, 0); }

static void ldt(void)
{
    struct user_desc d = describe(2, data, 63);
    EQ(modify_ldt(0x11, &d, sizeof d), 0);
    uint16_t selector = 2 << 3 | 7;
    es_store(selector, 8, 42);
    printf("ldt %u %u\n", es_load(selector, 8), data[2]);
    TRY(es_load(selector, 64));
    d = describe(3, data, 0);
    d.contents = 1; /* expands down: only what lies above the limit */
    d.limit = 31;
    EQ(modify_ldt(0x11, &d, sizeof d), 0);
    printf("expand-down %u\n", es_load(3 << 3 | 7, 64));
    TRY(es_load(3 << 3 | 7, 28));
    d = describe(4, data, 63);
    d.seg_not_present = 1;
    EQ(modify_ldt(0x11, &d, sizeof d), 0);
    TRY(es_load(4 << 3 | 7, 0));
    TRY(set_fs(4 << 3 | 7));
    unsigned char table[64];
    long n = modify_ldt(0, table, sizeof table);
    printf("read %ld bytes, rights %02x %02x %02x\n", n, table[2 * 8 + 5], table[3 * 8 + 5], table[4 * 8 + 5]);
    printf("errors %ld %ld %ld\n", modify_ldt(7, table, 8), modify_ldt(0x11, &d, 8), modify_ldt(0x11, (void *)16, sizeof d));
    uint32_t rights, limit;
    asm volatile("lar %2, %0; lsl %2, %1" : "=&r"(rights), "=r"(limit) : "r"(2 << 3 | 7));
    printf("lar %08x lsl %u\n", rights, limit);
    d = describe(5, 0, 0xFFFFF);
    d.limit_in_pages = 1;
    EQ(modify_ldt(0x11, &d, sizeof d), 0);
    uint16_t was;
    uint32_t top = 0;
    asm volatile("mov %%ss, %0; mov %2, %%ss; push $77; pop %1; mov %0, %%ss" : "=&r"(was), "=&r"(top) : "r"(5 << 3 | 7));
    printf("stack in the ldt %u\n", top);
}

static volatile uint16_t handler_segments[4];

static void look(int sig)
{
    (void)sig;
    uint16_t ds, es, fs, ss;
    asm volatile("mov %%ds, %0; mov %%es, %1; mov %%fs, %2; mov %%ss, %3" : "=r"(ds), "=r"(es), "=r"(fs), "=r"(ss));
    handler_segments[0] = ds;
    handler_segments[1] = es;
    handler_segments[2] = fs;
    handler_segments[3] = ss;
}

static void over_signals(void)
{
    signal(SIGUSR1, look);
    uint16_t selector = 2 << 3 | 7, es, fs;
    long result;
    set_fs(selector);
    asm volatile("push %%es; mov %w3, %%es; int $0x80; mov %%es, %1; mov %%fs, %2; pop %%es"
        : "=a"(result), "=&r"(es), "=&r"(fs) : "r"((uint32_t)selector), "0"(SYS_kill), "b"(getpid()), "c"(SIGUSR1) : "memory");
    printf("after: es %x fs %x; in handler: ds %x es %x fs %x ss %x\n", es, fs, handler_segments[0], handler_segments[1], handler_segments[2], handler_segments[3]);
    set_fs(0);
    raise(SIGUSR1);
    printf("null fs comes back as %x\n", get_fs());
}

static void *in_thread(void *arg)
{
    (void)arg;
    static uint32_t mine[4] = { 9, 8, 7, 6 };
    struct user_desc d = describe(areas[0], mine, 15);
    EQ(guest_syscall(SYS_set_thread_area, (long)&d, 0, 0, 0, 0), 0);
    set_fs(areas[0] << 3 | 3);
    printf("thread %u, ldt %u\n", fs_load(4), es_load(2 << 3 | 7, 8));
    return NULL;
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    guest_handle(SIGSEGV, fault, 0);
    guest_handle(SIGBUS, fault, 0);
    thread_areas();
    ldt();
    over_signals();
    data[1] = 4;
    struct user_desc d = describe(areas[0], data, 63);
    EQ(guest_syscall(SYS_set_thread_area, (long)&d, 0, 0, 0, 0), 0);
    set_fs(areas[0] << 3 | 3);
    pthread_t t;
    pthread_create(&t, NULL, in_thread, NULL);
    pthread_join(t, NULL);
    printf("own %u\n", fs_load(4));
    pid_t pid = fork();
    if (pid == 0) {
        printf("child %u %u\n", fs_load(4), es_load(2 << 3 | 7, 8));
        _exit(0);
    }
    EQ(guest_wait(pid), 0);
    return guest_done();
}
