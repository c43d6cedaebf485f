// cc[pic]: -O1
// cc[static]: -O1 -static
// Ways into the kernel: int 80h, __kernel_vsyscall, sysenter as the kernel's own code does it; restarts; calls that fail; the vDSO and its tables.
#include "guest.h"
#include <elf.h>
#include <link.h>
#include <setjmp.h>
#include <sys/auxv.h>

static uintptr_t vsyscall;

/* f(number, six arguments, entry point) */
asm(".text; by_call: push %ebx; push %esi; push %edi; push %ebp\n"
    "mov 20(%esp), %eax; mov 24(%esp), %edx; mov (%edx), %ebx; mov 4(%edx), %ecx; mov 12(%edx), %esi; mov 16(%edx), %edi; mov 20(%edx), %ebp; mov 8(%edx), %edx\n"
    "call *28(%esp); pop %ebp; pop %edi; pop %esi; pop %ebx; ret\n"
    "sysenter_stub: push %ecx; push %edx; push %ebp; mov %esp, %ebp; sysenter");
long by_call(long nr, const long *a, uintptr_t entry);
extern char sysenter_stub[];

static long by_vsyscall(long nr, const long *a) { return by_call(nr, a, vsyscall); }

/* arch/x86/entry/vdso/vdso32/system_call.S: ecx, edx, ebp on the stack, esp in ebp; the kernel comes back in the vDSO, which pops them and returns. */
static long by_sysenter(long nr, const long *a) { return by_call(nr, a, (uintptr_t)sysenter_stub); }

/* Processors of AMD have no sysenter in compatibility mode: there the vDSO's way is taken instead. */
static long (*sysenter)(long nr, const long *a) = by_sysenter;
static sigjmp_buf no_sysenter;
static void on_illegal(int sig) { (void)sig; siglongjmp(no_sysenter, 1); }

static void find_sysenter(void)
{
    long none[6] = { 0 };
    signal(SIGILL, on_illegal);
    if (sigsetjmp(no_sysenter, 1) == 0)
        by_sysenter(SYS_getpid, none);
    else
        sysenter = by_vsyscall;
    signal(SIGILL, SIG_DFL);
}

static volatile int alarms;
static void on_alarm(int sig) { (void)sig; alarms++; }

static const char *name(const char *strings, const Elf32_Sym *s) { return strings + s->st_name; }

static void read_vdso(void)
{
    const char *base = (const char *)getauxval(AT_SYSINFO_EHDR);
    const Elf32_Ehdr *e = (const void *)base;
    printf("elf %d class %d type %d machine %d\n", memcmp(e->e_ident, ELFMAG, 4), e->e_ident[EI_CLASS], e->e_type, e->e_machine);
    const Elf32_Phdr *p = (const void *)(base + e->e_phoff);
    const Elf32_Dyn *dynamic = NULL;
    int frames = 0;
    for (int i = 0; i < e->e_phnum; i++) {
        if (p[i].p_type == PT_DYNAMIC)
            dynamic = (const void *)(base + p[i].p_vaddr);
        frames |= p[i].p_type == PT_GNU_EH_FRAME;
    }
    const char *strings = NULL;
    const Elf32_Sym *symbols = NULL;
    const Elf32_Word *hash = NULL;
    const Elf32_Half *versions = NULL;
    for (; dynamic->d_tag != DT_NULL; dynamic++) {
        const void *at = base + dynamic->d_un.d_ptr;
        switch (dynamic->d_tag) {
        case DT_STRTAB: strings = at; break;
        case DT_SYMTAB: symbols = at; break;
        case DT_HASH: hash = at; break;
        case DT_VERSYM: versions = at; break;
        }
    }
    static const char *const wanted[] = { "__kernel_vsyscall", "__kernel_sigreturn", "__kernel_rt_sigreturn", "__vdso_clock_gettime", "__vdso_clock_gettime64", "__vdso_gettimeofday",
        "__vdso_time", "__vdso_clock_getres", "__vdso_getcpu" };
    for (unsigned k = 0; k < sizeof wanted / sizeof *wanted; k++) {
        int found = -1;
        for (unsigned i = 1; i < hash[1]; i++)
            if (strcmp(name(strings, symbols + i), wanted[k]) == 0)
                found = (int)i;
        if (found < 0) {
            printf("%s: not there\n", wanted[k]);
            continue;
        }
        const Elf32_Sym *s = symbols + found;
        uintptr_t at = (uintptr_t)base + s->st_value;
        printf("%s type %d bind %d version %d", wanted[k], ELF32_ST_TYPE(s->st_info), ELF32_ST_BIND(s->st_info), versions[found] > 1);
        if (k == 0)
            printf(" is AT_SYSINFO %d", at == vsyscall);
        if (strcmp(wanted[k], "__vdso_time") == 0)
            printf(" tells the time %d", labs(((long (*)(long *))at)(NULL) - (long)time(NULL)) <= 10);
        if (strcmp(wanted[k], "__vdso_clock_gettime64") == 0) {
            int64_t t[2] = { 0, 0 };
            int r = ((int (*)(int, void *))at)(CLOCK_MONOTONIC, t), bad = ((int (*)(int, void *))at)(9999, t);
            printf(" works %d %d bad %d", r, t[0] > 0, bad);
        }
        puts("");
    }
    printf("unwind tables %d\n", frames);
}

static int count_objects(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    if (strstr(info->dlpi_name, "linux-gate") != NULL)
        ++*(int *)data;
    return 0;
}

int main(void)
{
    vsyscall = getauxval(AT_SYSINFO);
    find_sysenter();
    printf("AT_SYSINFO in the vDSO %d\n", vsyscall - getauxval(AT_SYSINFO_EHDR) < 0x2000);
    long pid = getpid();
    long none[6] = { 0 }, anonymous[6] = { 0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 };
    printf("getpid %d %d %d\n", guest_syscall(SYS_getpid, 0, 0, 0, 0, 0) == pid, by_vsyscall(SYS_getpid, none) == pid, sysenter(SYS_getpid, none) == pid);
    char *a = (char *)by_vsyscall(SYS_mmap2, anonymous), *b = (char *)sysenter(SYS_mmap2, anonymous);
    a[8191] = b[8191] = 1;
    puts("mapped");
    int fd = open("entry-file", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(ftruncate(fd, 3 * 4096) == 0 && pwrite(fd, "second", 6, 4096) == 6);
    long second[6] = { 0, 4096, PROT_READ, MAP_SHARED, fd, 1 };
    b = (char *)sysenter(SYS_mmap2, second);
    printf("sixth argument %.6s %.6s\n", b, (char *)by_vsyscall(SYS_mmap2, second));
    unlink("entry-file");
    long bad[6] = { -1 };
    printf("errors %ld %ld %ld\n", guest_syscall(SYS_close, -1, 0, 0, 0, 0), by_vsyscall(SYS_close, bad), sysenter(SYS_close, bad));
    printf("no such call %ld %ld %ld\n", guest_syscall(4000, 0, 0, 0, 0, 0), sysenter(-1, none), by_vsyscall(222, none));

    struct sigaction act = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
    sigaction(SIGALRM, &act, NULL);
    int ends[2];
    for (int way = 0; way < 2; way++) {
        CHECK(pipe(ends) == 0);
        pid_t child = fork();
        if (child == 0) {
            for (int i = 0; i < 3; i++) {
                guest_sleep_ms(20);
                kill(getppid(), SIGALRM);
            }
            guest_sleep_ms(20);
            _exit(write(ends[1], "x", 1) != 1);
        }
        char c = 0;
        long args[6] = { ends[0], (long)&c, 1 };
        alarms = 0;
        long r = way ? sysenter(SYS_read, args) : by_vsyscall(SYS_read, args);
        printf("restarted read %ld '%c' after %d\n", r, c, alarms);
        guest_wait(child);
    }
    read_vdso();
    int gates = 0;
    dl_iterate_phdr(count_objects, &gates);
    printf("known to the linker %d\n", gates);
    return guest_done();
}
