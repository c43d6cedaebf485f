// also: i386
// cc: -O1
// ends: signal 8
// The process dies of the signal, having written what it had to say.
#include "guest.h"

int main(void)
{
    printf("about to die\n");
    fflush(stdout);
    volatile int one = 1, zero = 0;
    printf("%d\n", one / zero);
    printf("still alive\n");
    return 0;
}
