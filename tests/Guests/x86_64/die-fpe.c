// cc: -O1
// ends: signal 8
// The process dies of the signal, having written what it had to say.
#include "guest.h"

int main(void)
{
    printf("about to die\n");
    fflush(stdout);
    volatile int z = 0; volatile int q = 1 / z; (void)q;
    printf("still alive\n");
    return 0;
}
