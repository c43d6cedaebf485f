// Code written at run time, as a just-in-time compiler does: new functions made and called, then old ones rewritten.
#include "kernel.h"
#include <sys/mman.h>

static uint64_t fresh(void)
{
    uint8_t *page = mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *at = page;
    uint64_t sum = 0;
    for (int i = 0; i < 30000; i++) {
        static const uint8_t code[] = { 0x48, 0x69, 0xc7, 0, 0, 0, 0, 0x48, 0x05, 7, 0, 0, 0, 0xc3 };
        memcpy(at, code, sizeof code);
        memcpy(at + 3, &i, 4);
        for (int k = 0; k < 10; k++)
            sum += ((uint64_t (*)(uint64_t))(void *)at)(sum & 0xffff);
        at += 64;
    }
    return sum;
}

static uint64_t rewritten(void)
{
    uint8_t *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint64_t sum = 0;
    for (int i = 0; i < 10000; i++) {
        static const uint8_t code[] = { 0xb8, 0, 0, 0, 0, 0xc3 };
        memcpy(page, code, sizeof code);
        memcpy(page + 1, &i, 4);
        for (int k = 0; k < 10; k++)
            sum += ((uint32_t (*)(void))(void *)page)();
    }
    return sum;
}

int main(int argc, char **argv)
{
    static const struct kernel kernels[] = { { "fresh", fresh }, { "rewritten", rewritten }, { 0 } };
    return run_kernel(kernels, argc, argv);
}
