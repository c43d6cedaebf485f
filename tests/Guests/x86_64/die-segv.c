// also: i386 ppc
// cc: -O1
// ends: signal 11
// The process dies of the signal, having written what it had to say.
#include "guest.h"

int main(void)
{
    printf("about to die\n");
    fflush(stdout);
    *(volatile int *)16 = 1;
    printf("still alive\n");
    return 0;
}
