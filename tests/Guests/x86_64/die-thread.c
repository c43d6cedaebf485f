// also: i386 ppc
// cc: -O1 -pthread
// ends: signal 11
// A fault in one thread kills the whole process, with all other threads blocked or running.
#include "guest.h"
#include <pthread.h>

static void *spin(void *arg) { for (;;) { if (arg) pause(); } return NULL; }

int main(void)
{
    pthread_t t;
    for (long i = 0; i < 4; i++)
        pthread_create(&t, NULL, spin, (void *)(i & 1));
    guest_sleep_ms(20);
    *(volatile int *)8 = 1;
    return 0;
}
