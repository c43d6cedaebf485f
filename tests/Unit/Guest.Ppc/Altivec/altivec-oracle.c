/* Executes one AltiVec instruction a record: reads records from stdin, writes results to stdout. Freestanding. */
#include "../Oracle/oracle.h"

struct record
{
    u8 memory[64];
    u8 v1[16], v2[16], v3[16], v4[16]; /* vra, vrb, vrc, vrt */
    u8 vscr[16];
    u32 word, offset, cr, padding;
} __attribute__((aligned(64)));

static struct record r[256];
static u32 code[8] __attribute__((aligned(4096)));

static void execute(struct record *p)
{
    code[0] = p->word;
    code[1] = 0x4E800020; /* blr */
    __asm__ volatile("dcbst 0,%0\n\tsync\n\ticbi 0,%0\n\tsync\n\tisync" : : "r"(code) : "memory");
    register u8 *base __asm__("r3") = (u8 *)p;
    register u32 offset __asm__("r4") = p->offset;
    register u32 cr __asm__("r5") = p->cr;
    register u32 *entry __asm__("r6") = code;
    __asm__ volatile(
        "mtcr 5\n\t"
        "li 7,64\n\tlvx 1,3,7\n\tli 7,80\n\tlvx 2,3,7\n\tli 7,96\n\tlvx 3,3,7\n\tli 7,112\n\tlvx 4,3,7\n\tli 7,128\n\tlvx 0,3,7\n\tmtvscr 0\n\t"
        "mtctr 6\n\tbctrl\n\t"
        "li 7,112\n\tstvx 4,3,7\n\tmfvscr 0\n\tli 7,128\n\tstvx 0,3,7\n\tmfcr 5\n\t"
        : "+r"(base), "+r"(offset), "+r"(cr), "+r"(entry)
        : : "memory", "lr", "ctr", "r7", "cr0", "cr1", "cr2", "cr3", "cr4", "cr5", "cr6", "cr7", "v0", "v1", "v2", "v3", "v4");
    p->cr = cr;
}

SERVE_RECORDS(r, code, execute)
