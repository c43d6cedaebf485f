// also: i386 ppc
// cc[static]: -O2 -static
// cc[static-pie]: -O2 -static-pie -fPIE
// cc[no-pie]: -O2 -no-pie -fno-pie
// cc[pie]: -O2 -pie -fPIE
// One hello in every kind of executable: arguments, constructors, relocations, a library call.
#include "guest.h"

static int constructed;
static const char *names[] = { "zero", "one", "two" };
static int (*table[])(const char *) = { puts };

__attribute__((constructor)) static void construct(void) { constructed++; }
__attribute__((destructor)) static void destruct(void) { puts("destructor"); }

int main(int argc, char **argv)
{
    (void)argv;
    CHECK(constructed == 1);
    printf("hello, argc %d\n", argc);
    for (int i = 0; i < 3; i++)
        table[0](names[i]);
    printf("%.6f %s\n", 1.0 / 3, strerror(ENOENT));
    return guest_done();
}
