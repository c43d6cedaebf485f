// also: i386 ppc
// cc: -O1
// ends: signal 9
// The process dies of the signal, having written what it had to say.
#include "guest.h"

int main(void)
{
    printf("about to die\n");
    fflush(stdout);
    kill(getpid(), SIGKILL);
    printf("still alive\n");
    return 0;
}
