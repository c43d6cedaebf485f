// cc[address]: -O1 -fsanitize=address
// cc[leak]: -O1 -fsanitize=leak
// cc[undefined]: -O1 -fsanitize=undefined
// Sanitizers want fixed places (AddressSanitizer's shadow begins at 7fff7000h), which nothing of the emulator may lie in, not even a heap that its kernel gives it; and at the end they stop
// every thread they find in /proc from a process that shares the memory: one of the emulator's own, asleep in the kernel, would be waited for without end.
#include "guest.h"
#include <pthread.h>

static void *work(void *p)
{
    char *block = malloc(1000);
    memset(block, 3, 1000);
    *(int *)p = block[999];
    free(block);
    return p;
}

int main(void)
{
    int got[4];
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, work, &got[i]) == 0);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        EQ(got[i], 3);
    }
    char *kept = strdup("kept");
    int pid = fork();
    if (pid == 0) {
        free(kept);
        exit(5);
    }
    EQ(WEXITSTATUS(guest_wait(pid)), 5);
    free(kept);
    return guest_done();
}
