// cc: -O2
// cc[static]: -O2 -static
// Code that is written and run: with the cache instructions the architecture asks for, page permissions changed, in a loop, on the stack.
#include "guest.h"

static void flush(void *from, unsigned long bytes)
{
    for (char *p = (char *)((uint32_t)from & -32u); p < (char *)from + bytes; p += 32)
        asm volatile("dcbst 0,%0\n sync\n icbi 0,%0" : : "r"(p) : "memory");
    asm volatile("sync\n isync");
}

static uint32_t *put_li(uint32_t *at, int value)
{
    at[0] = 0x38600000 | (value & 0xffff); /* li r3,value */
    at[1] = 0x4e800020; /* blr */
    flush(at, 8);
    return at;
}

int main(void)
{
    uint32_t *code = mmap(0, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long sum = 0;
    for (int i = 0; i < 5000; i++)
        sum += ((int (*)(void))put_li(code, i))();
    EQ(sum, 5000L * 4999 / 2);
    for (int i = 0; i < 500; i++) {
        uint32_t *at = code + 1022 + (i & 1) * 2;
        EQ(((int (*)(void))put_li(at, i))(), i);
    }
    /* Through mprotect, as a dynamic linker or a careful compiler does it. */
    for (int i = 0; i < 50; i++) {
        mprotect(code, 4096, PROT_READ | PROT_WRITE);
        put_li(code + 64, -i);
        mprotect(code, 4096, PROT_READ | PROT_EXEC);
        EQ(((int (*)(void))(code + 64))(), -i);
    }
    /* A function that patches the instruction behind itself. */
    mprotect(code, 8192, PROT_READ | PROT_WRITE | PROT_EXEC);
    uint32_t *p = code + 200;
    p[0] = 0x3cc03860; /* lis r6,0x3860 */
    p[1] = 0x60c60063; /* ori r6,r6,99 */
    p[2] = 0x7c8802a6; /* mflr r4 */
    p[3] = 0x429f0005; /* bcl 20,31,.+4 */
    p[4] = 0x7ca802a6; /* mflr r5 */
    p[5] = 0x7c8803a6; /* mtlr r4 */
    p[6] = 0x90c50020; /* stw r6,32(r5): p[12] */
    p[7] = 0x39050020; /* addi r8,r5,32 */
    p[8] = 0x7c00406c; /* dcbst 0,r8 */
    p[9] = 0x7c0004ac; /* sync */
    p[10] = 0x7c0047ac; /* icbi 0,r8 */
    p[11] = 0x4c00012c; /* isync */
    p[12] = 0x38600001; /* li r3,1: becomes li r3,99 */
    p[13] = 0x4e800020;
    flush(p, 56);
    EQ(((int (*)(void))p)(), 99);
    p[12] = 0x38600001;
    flush(p, 56);
    EQ(((int (*)(void))p)(), 99);
    return guest_done();
}
