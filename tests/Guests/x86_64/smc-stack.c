// also: i386
// cc: -O1 -z execstack
// Code on an executable stack, written and called from changing depths; nested functions' trampolines.
#include "guest.h"

typedef int function(int);

static __attribute__((noinline)) int on_stack(int value, int depth)
{
    unsigned char code[16] = { 0x8d, 0x87, 0, 0, 0, 0, 0xc3 };
    memcpy(code + 2, &value, 4);
    __builtin___clear_cache(code, code + 16);
    int r = ((function *)(void *)code)(depth);
    return depth == 0 ? r : r + on_stack(value + 1, depth - 1);
}

static int apply(int (*f)(int), int n)
{
    int s = 0;
    for (int i = 0; i < n; i++)
        s += f(i);
    return s;
}

int main(void)
{
    long sum = 0;
    for (int i = 0; i < 200; i++)
        sum += on_stack(i, i % 10);
    int outer = 7;
    int nested(int x) { return x * outer; }
    for (outer = 0; outer < 50; outer++)
        sum += apply(nested, 10);
    printf("sum %ld\n", sum);
    return guest_done();
}
