/* What the freestanding oracles share: the system calls, and the loop that reads records, has each executed, and writes them back. */
typedef unsigned int u32;
typedef unsigned char u8;

static long call3(long number, long a, long b, long c)
{
    register long r0 __asm__("r0") = number;
    register long r3 __asm__("r3") = a;
    register long r4 __asm__("r4") = b;
    register long r5 __asm__("r5") = c;
    __asm__ volatile("sc\n\tbns+ 1f\n\tneg 3,3\n1:" : "+r"(r0), "+r"(r3), "+r"(r4), "+r"(r5)
        : : "memory", "cr0", "ctr", "r6", "r7", "r8", "r9", "r10", "r11", "r12");
    return r3;
}

static long transfer(long number, long fd, u8 *at, long bytes)
{
    long done = 0;
    while (done < bytes)
    {
        long n = call3(number, fd, (long)(at + done), bytes - done);
        if (n <= 0)
            break;
        done += n;
    }
    return done;
}

/* read(2) and write(2) of whole batches until the input ends; the code page is made executable first (mprotect). */
#define SERVE_RECORDS(records, code, execute) \
    void _start(void) \
    { \
        call3(125, (long)(code), 4096, 7); \
        for (;;) \
        { \
            long bytes = transfer(3, 0, (u8 *)(records), sizeof (records)); \
            if (bytes <= 0) \
                call3(1, 0, 0, 0); \
            for (long i = 0; i < bytes / (long)sizeof (records)[0]; i++) \
                execute(&(records)[i]); \
            transfer(4, 1, (u8 *)(records), bytes); \
        } \
    }
