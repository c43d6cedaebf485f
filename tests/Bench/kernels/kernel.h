/* What every kernel program shares: it is called as "program kernel" and prints one checksum. Sizes are fixed so that a native run takes 0.05 to 0.3 seconds. */
#ifndef KERNEL_H
#define KERNEL_H

#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct kernel { const char *name; uint64_t (*run)(void); };

static inline uint64_t next_random(uint64_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

static inline int run_kernel(const struct kernel *kernels, int argc, char **argv)
{
    for (const struct kernel *k = kernels; k->name && argc == 2; k++)
        if (strcmp(k->name, argv[1]) == 0) {
            printf("%016llx\n", (unsigned long long)k->run());
            return 0;
        }
    fprintf(stderr, "no such kernel\n");
    return 2;
}

#endif
