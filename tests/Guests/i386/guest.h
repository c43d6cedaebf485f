/* As for x86-64, and what 32-bit programs need besides. */
#include "../x86_64/guest.h"

/* A system call by number, past the C library. The result is the kernel's: a value or -errno. */
static inline long guest_syscall(long nr, long a, long b, long c, long d, long e)
{
    long result;
    asm volatile("int $0x80" : "=a"(result) : "a"(nr), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e) : "memory");
    return result;
}
