/* Executes one SPE instruction a record: reads records from stdin, writes results to stdout. Freestanding; the compiler knows no SPE, the assembler does. */
#include "../Oracle/oracle.h"

struct record
{
    u8 memory[64];
    u32 a[2], b[2], t[2], acc[2]; /* r10, r11, r12, accumulator */
    u32 word, offset, cr, spefscr;
    u32 padding[4];
} __attribute__((aligned(64)));

static struct record r[256];
static u32 code[8] __attribute__((aligned(4096)));

static void execute(struct record *p)
{
    code[0] = p->word;
    code[1] = 0x4E800020; /* blr */
    __asm__ volatile("dcbst 0,%0\n\tsync\n\ticbi 0,%0\n\tsync\n\tisync" : : "r"(code) : "memory");
    register struct record *base __asm__("r3") = p;
    register u32 offset __asm__("r4") = p->offset;
    register u32 cr __asm__("r5") = p->cr;
    register u32 *entry __asm__("r6") = code;
    register u32 spefscr __asm__("r7") = p->spefscr;
    __asm__ volatile(
        "mtcr 5\n\tmtspr 512,7\n\t"
        "evldd 12,88(3)\n\tevmra 12,12\n\t"
        "evldd 10,64(3)\n\tevldd 11,72(3)\n\tevldd 12,80(3)\n\t"
        "mtctr 6\n\tbctrl\n\t"
        "evstdd 12,80(3)\n\tmfcr 5\n\tmfspr 7,512\n\t"
        "li 9,0\n\tevmergelo 9,9,9\n\tevmwumiaa 12,9,9\n\tevstdd 12,88(3)\n\t"
        : "+r"(base), "+r"(offset), "+r"(cr), "+r"(entry), "+r"(spefscr)
        : : "memory", "lr", "ctr", "r9", "r10", "r11", "r12", "cr0", "cr1", "cr2", "cr3", "cr4", "cr5", "cr6", "cr7");
    p->cr = cr;
    p->spefscr = spefscr;
}

SERVE_RECORDS(r, code, execute)
