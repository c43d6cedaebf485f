// cc: -O2 -ldl
// cc[static]: -O2 -static
// The vDSO: a valid object, its symbols found by name and version, each function called.
#include "guest.h"
#include <elf.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/time.h>

static uint32_t base;

static void *find(const char *name)
{
    Elf32_Ehdr *e = (void *)base;
    Elf32_Phdr *p = (void *)(base + e->e_phoff);
    Elf32_Dyn *d = 0;
    Elf32_Sym *symbols = 0;
    const char *strings = 0;
    Elf32_Word *hash = 0;
    for (int i = 0; i < e->e_phnum; i++)
        if (p[i].p_type == PT_DYNAMIC)
            d = (void *)(base + p[i].p_offset);
    for (; d->d_tag; d++) {
        if (d->d_tag == DT_SYMTAB) symbols = (void *)(base + d->d_un.d_ptr);
        if (d->d_tag == DT_STRTAB) strings = (void *)(base + d->d_un.d_ptr);
        if (d->d_tag == DT_HASH) hash = (void *)(base + d->d_un.d_ptr);
    }
    for (uint32_t i = 1; i < hash[1]; i++)
        if (strcmp(strings + symbols[i].st_name, name) == 0)
            return (void *)(base + symbols[i].st_value);
    printf("FAIL no %s\n", name);
    return 0;
}

static int seen;

static int each(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size; (void)arg;
    int code = 0, frames = 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        code |= info->dlpi_phdr[i].p_type == PT_LOAD && info->dlpi_addr + info->dlpi_phdr[i].p_vaddr == base;
        frames |= info->dlpi_phdr[i].p_type == PT_GNU_EH_FRAME;
    }
    seen += code && frames;
    return 0;
}

int main(void)
{
    base = getauxval(AT_SYSINFO_EHDR);
    CHECK(base != 0);
    EQ(memcmp((void *)base, ELFMAG, 4), 0);
    dl_iterate_phdr(each, 0);
    EQ(seen, 1);

    struct timespec a, b;
    struct timeval tv;
    int (*clock_get)(int, struct timespec *) = find("__kernel_clock_gettime");
    EQ(clock_get(CLOCK_MONOTONIC, &a), 0);
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &b);
    CHECK(b.tv_sec - a.tv_sec <= 2 && (b.tv_sec > a.tv_sec || b.tv_nsec >= a.tv_nsec));
    int64_t wide[2];
    int (*clock_get64)(int, int64_t *) = find("__kernel_clock_gettime64");
    EQ(clock_get64(CLOCK_REALTIME, wide), 0);
    CHECK(wide[0] - time(0) <= 10 && time(0) - wide[0] <= 10);
    int (*clock_res)(int, struct timespec *) = find("__kernel_clock_getres");
    EQ(clock_res(CLOCK_MONOTONIC, &a), 0);
    CHECK(a.tv_sec == 0);
    int (*get_day)(struct timeval *, void *) = find("__kernel_gettimeofday");
    EQ(get_day(&tv, 0), 0);
    CHECK(tv.tv_sec - time(0) <= 10 && time(0) - tv.tv_sec <= 10);
    int (*get_time)(int32_t *) = find("__kernel_time");
    CHECK(get_time(0) - time(0) <= 10);
    int (*get_cpu)(unsigned *, unsigned *, void *) = find("__kernel_getcpu");
    unsigned cpu = 12345678;
    EQ(get_cpu(&cpu, 0, 0), 0);
    CHECK(cpu < 4096);
    uint64_t (*frequency)(void) = find("__kernel_get_tbfreq");
    uint64_t f = frequency();
    CHECK(f >= 1000000 && f < 10000000000ull);
    /* The time base counts at that rate. */
    uint32_t low, high;
    asm volatile("1: mftbu %0\n mftb %1\n mftbu 0\n cmpw 0,%0\n bne 1b" : "=&r"(high), "=&r"(low) : : "r0", "cr0");
    uint64_t begin = (uint64_t)high << 32 | low;
    usleep(100000);
    asm volatile("1: mftbu %0\n mftb %1\n mftbu 0\n cmpw 0,%0\n bne 1b" : "=&r"(high), "=&r"(low) : : "r0", "cr0");
    uint64_t ticks = ((uint64_t)high << 32 | low) - begin;
    CHECK(ticks >= f / 11 && ticks < f * 2);
    uint32_t *(*map)(uint32_t *) = find("__kernel_get_syscall_map");
    uint32_t count = 0, *bits = map(&count);
    CHECK(count > 400 && count < 1000);
    CHECK(bits[SYS_read >> 5] & 0x80000000u >> (SYS_read & 31));
    int (*sync)(uint32_t, uint32_t) = find("__kernel_sync_dicache");
    uint32_t *code = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 3; i++) {
        code[20] = 0x38600000 + i * 7; /* li r3,i*7 */
        code[21] = 0x4e800020;
        EQ(sync((uint32_t)(code + 20), (uint32_t)(code + 22)), 0);
        EQ(((int (*)(void))(code + 20))(), i * 7);
    }
    return guest_done();
}
