// cc: -O1 -pthread
// A thread on a stack that grows downwards (MAP_GROWSDOWN) into the hole below it: nothing of the emulator's may lie so near that it cannot grow
// (LTP's mmap18). Each child unmaps a hole, maps the stack's top and lets a thread use all of it.
#include "guest.h"
#include <pthread.h>

enum { GAP = 256 * 4096, STACK = 32 * 4096 };

static volatile char *lowest;

__attribute__((noinline)) static int descend(void)
{
    volatile char frame[256];
    frame[0] = 1;
    return frame < lowest ? frame[0] : descend() + frame[0];
}

static void *run(void *unused)
{
    (void)unused;
    return (void *)(long)(descend() > 100);
}

static void grow(int mapped, int is_last)
{
    char *hole = mmap(NULL, GAP + STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *top = hole + GAP + STACK;
    munmap(hole, GAP + STACK);
    CHECK(mmap(top - mapped, mapped, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0) == top - mapped);
    lowest = top - STACK + 8192;
    pthread_attr_t attributes;
    pthread_t thread;
    void *result = NULL;
    pthread_attr_init(&attributes);
    EQ(pthread_attr_setstack(&attributes, top - STACK, STACK), 0);
    EQ(pthread_create(&thread, &attributes, run, NULL), 0);
    EQ(pthread_join(thread, &result), 0);
    CHECK(result != NULL);
    if (is_last)
        _exit(guest_failures);
}

int main(void)
{
    for (int pages = 4; pages <= 16; pages *= 2) {
        pid_t pid = fork();
        if (pid == 0)
            grow(pages * 4096, 1);
        printf("%d pages: %x\n", pages, guest_wait(pid));
    }
    grow(16 * 4096, 0);
    return guest_done();
}
