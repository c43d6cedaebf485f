// also: i386
// cc: -O2 -pthread
// One thread patches a loop that others run: they see the new code soon, and never anything but old or new.
#include "guest.h"
#include <pthread.h>

static unsigned char *code;
static volatile int phase, saw[2], strange;

/* mov eax, imm32; ret - the immediate is 4-byte aligned, so a store to it is atomic. */
static void *run(void *arg)
{
    int me = (int)(long)arg;
    int last = 0;
    while (last < 40) {
        int v = ((int (*)(void))(void *)(code + 3))();
        if (v < last || v > 40)
            strange++;
        last = v;
        if (v == phase)
            sched_yield();
        if (v == phase)
            saw[me] = v;
    }
    return NULL;
}

int main(void)
{
    code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    code[3] = 0xb8;
    code[8] = 0xc3;
    pthread_t t[2];
    for (long i = 0; i < 2; i++)
        pthread_create(&t[i], NULL, run, (void *)i);
    for (int i = 1; i <= 40; i++) {
        phase = i;
        __atomic_store_n((int *)(code + 4), i, __ATOMIC_SEQ_CST);
        if (i == 40)
            break;
        for (int wait = 0; wait < 2000; wait++) {
            if (saw[0] == i && saw[1] == i)
                break;
            sched_yield();
        }
    }
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    EQ(strange, 0);

    /* A spinning "jmp self" turned into "ret" by another thread. */
    for (int i = 0; i < 20; i++) {
        code[64] = 0xeb;
        code[65] = 0xfe;
        pthread_t s;
        pthread_create(&s, NULL, (void *(*)(void *))(void *)(code + 64), NULL);
        guest_sleep_ms(2);
        __atomic_store_n((uint16_t *)(code + 64), 0x90c3, __ATOMIC_SEQ_CST);
        pthread_join(s, NULL);
    }
    return guest_done();
}
