// also: i386
// cc: -O1 -lm
// x87: every class of instruction, digest of the 80-bit results, state saved and restored, the stack kept full over calls and system calls.
#include "guest.h"
#include <math.h>

static uint64_t digest;

static void note(long double v)
{
    unsigned char b[10];
    memcpy(b, &v, 10);
    digest = guest_hash(digest, b, 10);
}

#define UNARY(text, x) ({ long double r_ = (x); asm volatile(text : "+t"(r_)); r_; })
#define BINARY(text, x, y) ({ long double r_ = (x); asm volatile(text : "+t"(r_) : "u"((long double)(y)) : "cc"); r_; })
#define BINARY_POP(text, x, y) ({ long double r_ = (x); asm volatile(text : "+t"(r_) : "u"((long double)(y)) : "st(1)", "cc"); r_; })

static const long double values[] = { 0.0L, -0.0L, 1.0L, -1.5L, 0.1L, 3.14159265358979L, 1e10L, 1e-300L, 1e4000L, 123456.789L };
enum { N = sizeof values / sizeof *values };

static __attribute__((noinline)) long full_stack(long pid)
{
    long double out[11]; /* room for eight of 16 bytes, where they have 12 */
    long same;
#ifdef __i386__
    asm volatile(
        "fninit; fld1; fldl2t; fldl2e; fldpi; fldlg2; fldln2; fldz; fld1\n\t"
        "mov $20, %%eax; int $0x80; mov %%eax, %[same]\n\t"
        "call 1f; jmp 2f; 1: ret; 2:\n\t"
        "call 3f; 3: pop %%ecx; add $4f-3b, %%ecx; jmp *%%ecx; 4:\n\t"
        "fstpt (%[o]); fstpt 16(%[o]); fstpt 32(%[o]); fstpt 48(%[o]); fstpt 64(%[o]); fstpt 80(%[o]); fstpt 96(%[o]); fstpt 112(%[o])"
        : [same] "=&r"(same) : [o] "r"(out) : "eax", "ecx", "memory", "cc");
    for (int i = 7; i >= 0; i--)
        memmove((char *)(out + i), (char *)out + 16 * i, 10);
#else
    asm volatile(
        "fninit; fld1; fldl2t; fldl2e; fldpi; fldlg2; fldln2; fldz; fld1\n\t"
        "mov $39, %%eax; syscall; mov %%rax, %[same]\n\t"
        "call 1f; jmp 2f; 1: ret; 2:\n\t"
        "lea 3f(%%rip), %%rcx; jmp *%%rcx; 3:\n\t"
        "fstpt (%[o]); fstpt 16(%[o]); fstpt 32(%[o]); fstpt 48(%[o]); fstpt 64(%[o]); fstpt 80(%[o]); fstpt 96(%[o]); fstpt 112(%[o])"
        : [same] "=&r"(same) : [o] "r"(out) : "rax", "rcx", "r11", "memory", "cc");
#endif
    for (int i = 0; i < 8; i++)
        note(out[i]);
    return same == pid;
}

int main(void)
{
    for (int i = 0; i < N; i++) {
        long double x = values[i];
        note(UNARY("fsqrt", x));
        note(UNARY("fabs", x));
        note(UNARY("fchs", x));
        note(UNARY("frndint", x));
        note(UNARY("fsin", x));
        note(UNARY("fcos", x));
        note(UNARY("f2xm1", x > 1 || x < -1 ? 0.5L : x));
        note(BINARY_POP("fpatan", x, 2.0L));
        note(BINARY_POP("fyl2x", fabsl(x) + 0.5L, 3.0L));
        note(BINARY_POP("fyl2xp1", 0.1L, x));
        for (int j = 0; j < N; j++) {
            long double y = values[j];
            note(BINARY("fadd %%st(1)", x, y));
            note(BINARY("fsub %%st(1)", x, y));
            note(BINARY("fsubr %%st(1)", x, y));
            note(BINARY("fmul %%st(1)", x, y));
            note(BINARY("fdiv %%st(1)", x, y));
            note(BINARY("fdivr %%st(1)", x, y));
            note(BINARY("fprem", x, y));
            note(BINARY("fprem1", x, y));
            note(BINARY("fscale", x, j));
            note(BINARY_POP("faddp", x, y));
            note(BINARY_POP("fsubrp", x, y));
            note(BINARY_POP("fmulp", x, y));
            uint16_t sw;
            unsigned long fl;
            asm volatile("fcom %%st(1); fnstsw %%ax" : "=a"(sw) : "t"(x), "u"(y));
            digest = guest_hash(digest, &sw, 2);
            asm volatile("fcomi %%st(1), %%st; pushf; pop %0" : "=r"(fl) : "t"(x), "u"(y) : "cc");
            fl &= 0x45;
            digest = guest_hash(digest, &fl, sizeof fl);
            long double m;
            asm volatile("fucomi %%st(2), %%st; fcmovb %%st(2), %%st" : "=t"(m) : "0"(x), "u"(y) : "cc");
            (void)m;
        }
        asm volatile("fxam; fnstsw %%ax; and $0x4700, %%eax" :: "t"(x) : "ax");
    }
    static const uint16_t controls[] = { 0x37f, 0x77f, 0xb7f, 0xf7f, 0x27f, 0x07f };
    for (int i = 0; i < 6; i++) {
        double d = -2.5;
        asm volatile("fldcw %0" :: "m"(controls[i]));
        int16_t s16; int32_t s32; int64_t s64; float f; unsigned char bcd[10];
        asm volatile("fldl %5; fld %%st; fld %%st; fld %%st; fld %%st; fistps %0; fistpl %1; fistpq %2; fstps %3; fbstp %4"
            : "=m"(s16), "=m"(s32), "=m"(s64), "=m"(f), "=m"(bcd) : "m"(d));
        digest = guest_hash(digest, &s16, 2);
        digest = guest_hash(digest, &s32, 4);
        digest = guest_hash(digest, &s64, 8);
        digest = guest_hash(digest, &f, 4);
        digest = guest_hash(digest, bcd, 10);
        asm volatile("fld1; fldl2t; fdivrp; fbld %0; faddp; fisttpl %1" :: "m"(bcd), "m"(s32));
        note(BINARY("fdiv %%st(1)", 1.0L, 3.0L));
    }
    asm volatile("fninit");
    struct { uint8_t b[108]; } env;
    uint8_t fx[512] __attribute__((aligned(16)));
    asm volatile("fld1; fldpi; fldz; fnsave %0; frstor %0; fxsave %1; fninit; fxrstor %1; fstp %%st; fstp %%st; fstp %%st" : "+m"(env), "+m"(fx));
    digest = guest_hash(digest, env.b + 28, 30);
    digest = guest_hash(digest, fx + 32, 48);
    asm volatile("fninit; fldz; fincstp; fdecstp; ffree %st(0); fnop; fnclex; fninit");
    uint16_t status;
    asm volatile("fld1; fldz; fdivrp; fnstsw %0; fnclex; fninit" : "=m"(status));
    printf("divide flag %d\n", status & 4);
    CHECK(full_stack(getpid()));
    asm volatile("fninit");
    long double sum = 0;
    for (int i = 1; i < 20000; i++)
        sum += 1.0L / i * sinl(i);
    note(sum);
    printf("digest %016llx\n", (unsigned long long)digest);
    return guest_done();
}
