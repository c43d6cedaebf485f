// also: i386
// cc: -O1
// needs: avx
// Random encodings behind the bytes that lead to VEX, EVEX and XOP: most mean nothing, to any processor or to this one. Which fault comes (#UD, also of an
// instruction that would be too long if its map were known; #GP, #PF) and where is the processor's to say.
#include "guest.h"
#include <setjmp.h>

#ifdef __x86_64__
enum { PC = REG_RIP };
#else
enum { PC = REG_EIP };
#endif
enum { LOW = 0x10000, SIZE = 0x3F0000, DATA = 0x20000, CODE = 0x300000, AREA = 128 };

static sigjmp_buf back;
static struct { long number, code, trap, error, at, address; } seen;

static void fault(int number, siginfo_t *info, void *uc)
{
    greg_t *r = ((ucontext_t *)uc)->uc_mcontext.gregs;
    seen.number = number;
    seen.code = info->si_code;
    seen.trap = r[REG_TRAPNO];
    seen.error = r[REG_ERR];
    seen.at = number == SIGTRAP ? 0 : r[PC];
    seen.address = number == SIGTRAP ? 0 : (long)info->si_addr;
    siglongjmp(back, 1);
}

static uint64_t seed;
static uint32_t random32(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return seed >> 32;
}

/* In 32-bit code only a register operand makes these bytes an escape. */
static unsigned char escaped(void) { return sizeof(long) == 8 ? random32() : random32() | 0xC0; }

static int encode(unsigned char *to)
{
    unsigned char *p = to;
    if (random32() % 8 == 0)
        *p++ = "\x66\xF2\xF3\xF0\x2E\x3E"[random32() % 6];
    switch (random32() % 4) {
    case 0:
        *p++ = 0x62;
        *p++ = escaped();
        *p++ = random32() | (random32() % 2 ? 4 : 0);
        *p++ = random32();
        break;
    case 1:
        *p++ = 0xC4;
        *p++ = escaped();
        *p++ = random32();
        break;
    case 2:
        *p++ = 0xC5;
        *p++ = escaped();
        break;
    default:
        *p++ = 0x8F;
        *p++ = (escaped() & 0xE0) | (8 + random32() % 24);
        *p++ = random32();
    }
    *p++ = random32();
    *p++ = random32();
    *p++ = random32() & 15;
    memset(p, 0, 3);
    return p + 3 - to;
}

static void execute(void)
{
    const uintptr_t at = DATA;
#ifdef __x86_64__
    asm volatile("vzeroall\n mov %%rax, %%rbx\n mov %%rax, %%rcx\n mov %%rax, %%rdx\n mov %%rax, %%rsi\n mov %%rax, %%rdi\n mov %%rax, %%rbp\n mov %%rax, %%r8\n mov %%rax, %%r9\n"
        " mov %%rax, %%r10\n mov %%rax, %%r11\n mov %%rax, %%r12\n mov %%rax, %%r13\n mov %%rax, %%r14\n mov %%rax, %%r15\n mov %%rax, %%rsp\n push $0x300000\n ret" : : "a"(at) : "memory");
#else
    asm volatile("vzeroall\n mov %%eax, %%ebx\n mov %%eax, %%ecx\n mov %%eax, %%edx\n mov %%eax, %%esi\n mov %%eax, %%edi\n mov %%eax, %%ebp\n mov %%eax, %%esp\n push $0x300000\n ret" : : "a"(at) : "memory");
#endif
}

int main(int argc, char **argv)
{
    guest_handle_faults(fault);
    CHECK(mmap((void *)LOW, SIZE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == (void *)LOW);
    seed = argc > 1 ? atoi(argv[1]) : 1;
    unsigned char *code = (unsigned char *)CODE, insn[16];
    uint64_t digest = 0;
    unsigned counts[32] = { 0 };
    for (int i = 1; i <= 20000; i++) {
        int length = encode(insn);
        memset(code, 0x90, AREA / 2);
        memset(code + AREA / 2, 0xCC, AREA / 2);
        memcpy(code, insn, length);
        if (sigsetjmp(back, 1) == 0)
            execute();
        counts[seen.trap & 31]++;
        digest = guest_hash(digest, &seen, sizeof seen);
        if (argc > 2) {
            for (int k = 0; k < length; k++)
                printf("%02x ", insn[k]);
            printf(": signal %ld code %ld trap %ld error %lx at %lx address %lx\n", seen.number, seen.code, seen.trap, seen.error, seen.at, seen.address);
        }
        if (i % 1000 == 0)
            printf("%d: #UD %u #GP %u #PF %u others %u, digest %llx\n", i, counts[6], counts[13], counts[14], i - counts[6] - counts[13] - counts[14], (unsigned long long)digest);
    }
    return guest_done();
}
