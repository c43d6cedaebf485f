// also: i386 ppc
// cc: -O1
// ends: signal 15
// The process dies of the signal, having written what it had to say.
#include "guest.h"

int main(void)
{
    printf("about to die\n");
    fflush(stdout);
    raise(SIGTERM);
    printf("still alive\n");
    return 0;
}
