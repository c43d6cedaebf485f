// cc: -O2 -pthread -latomic
// cc[static]: -O2 -static -pthread -latomic
// Atomic operations of every width by eight threads, and reservations that must be lost.
#include "guest.h"
#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 8, ROUNDS = 20000 };
static _Atomic uint8_t bytes[4];
static _Atomic uint16_t halves[2];
static _Atomic uint32_t word, swapped;
static _Atomic uint64_t wide;
static atomic_flag flag = ATOMIC_FLAG_INIT;
static uint32_t guarded;
static uint32_t by_hand;

static void *work(void *arg)
{
    int id = (int)(long)arg;
    for (int i = 0; i < ROUNDS; i++) {
        atomic_fetch_add(&bytes[id & 3], 1);
        atomic_fetch_add(&halves[id & 1], 3);
        atomic_fetch_add_explicit(&word, 7, memory_order_relaxed);
        atomic_fetch_add(&wide, 0x100000001ull);
        uint32_t old = atomic_load(&swapped);
        while (!atomic_compare_exchange_weak(&swapped, &old, old * 3 + 1 - old * 2))
            ;
        while (atomic_flag_test_and_set_explicit(&flag, memory_order_acquire))
            ;
        guarded++;
        atomic_flag_clear_explicit(&flag, memory_order_release);
        uint32_t t;
        asm volatile("1: lwarx %0,0,%1\n addi %0,%0,5\n stwcx. %0,0,%1\n bne- 1b\n lwsync" : "=&r"(t) : "r"(&by_hand) : "cr0", "memory");
    }
    return 0;
}

static int store_conditional(uint32_t *reserve, uint32_t *store, int between)
{
    uint32_t cr, t;
    asm volatile("lwarx %1,0,%2\n cmpwi %4,1\n bne 1f\n stw %1,0(%2)\n 1: cmpwi %4,2\n bne 2f\n stwcx. %1,0,%2\n"
                 "2: stwcx. %1,0,%3\n mfcr %0" : "=&r"(cr), "=&r"(t) : "r"(reserve), "r"(store), "r"(between) : "cr0", "memory");
    return cr >> 29 & 1;
}

int main(void)
{
    pthread_t threads[THREADS];
    for (long i = 0; i < THREADS; i++)
        pthread_create(&threads[i], 0, work, (void *)i);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], 0);
    const uint32_t all = THREADS * ROUNDS;
    for (int i = 0; i < 4; i++)
        EQ(bytes[i], (uint8_t)(all / 4));
    EQ(halves[0], (uint16_t)(all / 2 * 3));
    EQ(word, all * 7);
    EQ(wide, 0x100000001ull * all);
    EQ(swapped, all);
    EQ(guarded, all);
    EQ(by_hand, all * 5);
    uint32_t a = 5, b = 6;
    EQ(store_conditional(&a, &a, 0), 1);
    EQ(store_conditional(&a, &a, 2), 0); /* the first stwcx. took the reservation */
    (void)b;
    return guest_done();
}
