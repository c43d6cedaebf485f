// cc: -O2
// cc[static]: -O2 -static
// What the auxiliary vector and /proc say about the processor; dcbz clears as many bytes as they say.
#include "guest.h"
#include <asm/cputable.h>
#include <elf.h>
#include <sys/auxv.h>
#include <sys/utsname.h>

int main(int argc, char **argv, char **envp)
{
    (void)argc; (void)argv;
    while (*envp++)
        ;
    Elf32_auxv_t *a = (Elf32_auxv_t *)envp;
    /* Two entries to be ignored come first (or the cache sizes, then them, as ARCH_DLINFO orders it). */
    int ignored = 0;
    for (int i = 0; i < 8; i++)
        ignored += a[i].a_type == AT_IGNOREPPC;
    EQ(ignored, 2);
    unsigned long caps = getauxval(AT_HWCAP);
    CHECK(caps & PPC_FEATURE_32);
    CHECK(caps & PPC_FEATURE_HAS_FPU);
    CHECK(caps & PPC_FEATURE_HAS_MMU);
    CHECK(caps & PPC_FEATURE_HAS_ALTIVEC);
    CHECK(!(caps & (PPC_FEATURE_64 | PPC_FEATURE_HAS_VSX | PPC_FEATURE_HAS_SPE)));
    EQ(getauxval(AT_HWCAP2), 0);
    EQ(getauxval(AT_PAGESZ), 4096);
    EQ(getauxval(AT_CLKTCK), 100);
    CHECK(getauxval(AT_RANDOM) != 0 && getauxval(AT_EXECFN) != 0);
    printf("platform %s\n", (char *)getauxval(AT_PLATFORM));
    unsigned long block = getauxval(AT_DCACHEBSIZE);
    EQ(block, 32);
    EQ(getauxval(AT_ICACHEBSIZE), 32);
    static char room[256] __attribute__((aligned(128)));
    memset(room, 1, sizeof room);
    asm volatile("dcbz 0,%0" : : "r"(room + 64 + 5) : "memory");
    int cleared = 0;
    for (unsigned i = 0; i < sizeof room; i++)
        cleared += room[i] == 0;
    EQ(cleared, block);
    CHECK(room[64] == 0 && room[63] == 1 && room[64 + block] == 1);
    uint32_t pvr;
    asm volatile("mfspr %0,287" : "=r"(pvr)); /* the kernel answers for user mode */
    CHECK(pvr >> 16 != 0);
    struct utsname u;
    uname(&u);
    printf("machine %s\n", u.machine);
    char text[4096] = "";
    int fd = open("/proc/cpuinfo", O_RDONLY);
    int n = read(fd, text, sizeof text - 1);
    CHECK(n > 0);
    char number[32];
    snprintf(number, sizeof number, "pvr %04x %04x", pvr >> 16, pvr & 0xffff);
    CHECK(strncmp(text, "processor\t: 0\ncpu\t\t: ", 21) == 0);
    CHECK(strstr(text, "altivec supported") != 0);
    CHECK(strstr(text, number) != 0);
    CHECK(strstr(text, "timebase\t: ") != 0);
    return guest_done();
}
