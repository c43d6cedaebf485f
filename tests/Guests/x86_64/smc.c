// cc: -O1
// Self-modifying code: an RWX page rewritten and called 1000 times, write then mprotect, a doubly mapped memfd, many generated functions,
// code that changes itself right ahead and behind, stores that only brush code, code on the stack, code and data in one page.
#include "guest.h"

enum { P = 4096 };
#define RWX (PROT_READ | PROT_WRITE | PROT_EXEC)
typedef int function(int);

/* mov eax, value; add eax, edi; ret */
static int put(unsigned char *at, int value)
{
    unsigned char code[8] = { 0xb8, 0, 0, 0, 0, 0x01, 0xf8, 0xc3 };
    memcpy(code + 1, &value, 4);
    memcpy(at, code, 8);
    return 8;
}

static int call(void *at, int x) { return ((function *)at)(x); }

int main(void)
{
    unsigned char *rwx = mmap(NULL, 4 * P, RWX, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 1000; i++) {
        put(rwx, i);
        EQ(call(rwx, 5), i + 5);
    }
    for (int i = 0; i < 1000; i++) {
        memcpy(rwx + 1, &i, 4);
        EQ(call(rwx, 1), i + 1);
        rwx[100] = (unsigned char)i;
    }
    for (int i = 0; i < 300; i++) {
        CHECK(mprotect(rwx, P, PROT_READ | PROT_WRITE) == 0);
        put(rwx + i % 7 * 16, i * 3);
        CHECK(mprotect(rwx, P, PROT_READ | PROT_EXEC) == 0);
        EQ(call(rwx + i % 7 * 16, 0), i * 3);
    }
    CHECK(mprotect(rwx, P, RWX) == 0);

    int fd = memfd_create("code", 0);
    CHECK(ftruncate(fd, P) == 0);
    unsigned char *rw = mmap(NULL, P, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), *rx = mmap(NULL, P, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    for (int i = 0; i < 1000; i++) {
        put(rw + i % 3 * 64, i * 7);
        EQ(call(rx + i % 3 * 64, 2), i * 7 + 2);
    }

    long sum = 0;
    unsigned char *many = mmap(NULL, 64 * P, RWX, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *at = many;
    for (int i = 0; i < 10000; i++) {
        put(at, i);
        sum += call(at, 1);
        at += 16;
    }
    at = many;
    for (int i = 0; i < 10000; i++, at += 16)
        sum += call(at, 2);
    printf("generated %ld\n", sum);

    /* Changes the immediate of the instruction right ahead, which must show at once (stores are visible to the own fetch after a jump; here also without). */
    int right = 0;
    for (int i = 0; i < 500; i++) {
        static const unsigned char ahead[] = {
            0x89, 0x3d, 0x03, 0, 0, 0,          /* mov [rip+3], edi: the immediate below */
            0xeb, 0x00,                         /* jmp next */
            0xb8, 0, 0, 0, 0,                   /* mov eax, imm */
            0xc3 };
        if (i == 0)
            memcpy(rwx, ahead, sizeof ahead);
        right += call(rwx, i * 11) == i * 11;
    }
    printf("ahead with jump %d\n", right);
    right = 0;
    for (int i = 0; i < 500; i++) {
        static const unsigned char ahead[] = { 0x89, 0x3d, 0x01, 0, 0, 0, 0xb8, 0, 0, 0, 0, 0xc3 };
        if (i == 0)
            memcpy(rwx, ahead, sizeof ahead);
        right += call(rwx, i * 13) == i * 13;
    }
    printf("ahead without jump %d\n", right);

    /* A loop that increments the immediate of its own add each turn: 1+2+...+100. */
    static const unsigned char loop[] = {
        0x31, 0xc0,                             /* xor eax, eax */
        0xb9, 100, 0, 0, 0,                     /* mov ecx, 100 */
        0xff, 0x05, 0x01, 0, 0, 0,              /* inc dword [rip+1]: the immediate */
        0x05, 0, 0, 0, 0,                       /* add eax, imm */
        0xff, 0xc9,                             /* dec ecx */
        0x75, 0xf1,                             /* jnz inc */
        0xc3 };
    memcpy(rwx, loop, sizeof loop);
    printf("own loop %d\n", call(rwx, 0));

    /* Code and data in one page, the data written on every turn. */
    put(rwx + 512, 4);
    volatile int *data = (volatile int *)(rwx + 2048);
    long total = 0;
    for (int i = 0; i < 2000; i++) {
        *data = i;
        total += call(rwx + 512, *data);
    }
    printf("mixed page %ld\n", total);

    /* Replacing a five byte instruction by shorter ones, byte by byte. */
    put(rwx, 0x01020304);
    EQ(call(rwx, 0), 0x01020304);
    static const unsigned char shorter[5] = { 0x31, 0xc0, 0x90, 0xff, 0xc0 };
    for (int i = 4; i >= 0; i--)
        rwx[i] = shorter[i];
    EQ(call(rwx, 41), 42);
    return guest_done();
}
