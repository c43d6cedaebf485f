// String instructions: rep movs and rep stos of large and small blocks, repne scas, repe cmps.
#include "kernel.h"

static uint8_t a[1 << 16], b[1 << 16];

static void movs(void *to, const void *from, size_t n) { __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) :: "memory"); }
static void stos(void *to, int v, size_t n) { __asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(v) : "memory"); }

static uint64_t move(void)
{
    uint64_t h = 0;
    for (int i = 0; i < 1 << 16; i++)
        a[i] = (uint8_t)(i * 13);
    for (int i = 0; i < 40000; i++) {
        movs(b, a + (i & 63), 65000);
        h += b[i & 65535];
    }
    return h;
}

static uint64_t store(void)
{
    uint64_t h = 0;
    for (int i = 0; i < 90000; i++) {
        stos(b, i, 65000);
        h = h * 3 + b[i & 32767];
    }
    return h;
}

static uint64_t small(void)
{
    uint64_t h = 0, s = 3;
    for (int i = 0; i < 7000000; i++) {
        uint64_t r = next_random(&s);
        movs(b + (r & 1023), a + (r >> 10 & 1023), r >> 20 & 63);
        h += b[r >> 30 & 1023];
        a[r >> 40 & 1023] = (uint8_t)r;
    }
    return h;
}

static uint64_t scan(void)
{
    uint64_t h = 0;
    memset(a, 1, sizeof a);
    memset(b, 1, sizeof b);
    for (int i = 0; i < 3000; i++) {
        unsigned stop = 20000 + i * 3;
        a[stop] = 2;
        const void *p = a, *q = b;
        size_t n = sizeof a;
        __asm__ volatile("repne scasb" : "+D"(p), "+c"(n) : "a"(2) : "memory", "cc");
        h += n;
        p = a;
        n = sizeof a;
        __asm__ volatile("repe cmpsb" : "+D"(p), "+S"(q), "+c"(n) :: "memory", "cc");
        h = h * 3 + n;
        a[stop] = 1;
    }
    return h;
}

int main(int argc, char **argv)
{
    static const struct kernel kernels[] = { { "rep-movs", move }, { "rep-stos", store }, { "rep-movs-small", small }, { "scas-cmps", scan }, { 0 } };
    return run_kernel(kernels, argc, argv);
}
