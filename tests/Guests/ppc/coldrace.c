// cc: -O1 -pthread
// Four threads enter the same new code at once: it grows hot for one of them while another has just found it cold, which must not look like code that cannot
// be fetched.
#include "guest.h"
#include <pthread.h>

#define F(n) static int f##n(int x) { return x > (0x##n & 0xff) ? x - 1 : x + 1; }
#define F16(n) F(n##0) F(n##1) F(n##2) F(n##3) F(n##4) F(n##5) F(n##6) F(n##7) F(n##8) F(n##9) F(n##a) F(n##b) F(n##c) F(n##d) F(n##e) F(n##f)
#define F256(n) F16(n##0) F16(n##1) F16(n##2) F16(n##3) F16(n##4) F16(n##5) F16(n##6) F16(n##7) \
    F16(n##8) F16(n##9) F16(n##a) F16(n##b) F16(n##c) F16(n##d) F16(n##e) F16(n##f)
#define N(n) f##n,
#define N16(n) N(n##0) N(n##1) N(n##2) N(n##3) N(n##4) N(n##5) N(n##6) N(n##7) N(n##8) N(n##9) N(n##a) N(n##b) N(n##c) N(n##d) N(n##e) N(n##f)
#define N256(n) N16(n##0) N16(n##1) N16(n##2) N16(n##3) N16(n##4) N16(n##5) N16(n##6) N16(n##7) \
    N16(n##8) N16(n##9) N16(n##a) N16(n##b) N16(n##c) N16(n##d) N16(n##e) N16(n##f)

F256(1) F256(2) F256(3) F256(4)
static int (*const table[])(int) = { N256(1) N256(2) N256(3) N256(4) };
enum { THREADS = 4, COUNT = sizeof table / sizeof *table, ENTRIES = 16 };

static pthread_barrier_t together;

static void *work(void *arg)
{
    long x = 0;
    for (int i = 0; i < COUNT; i++) {
        if (i % 64 == 0)
            pthread_barrier_wait(&together);
        for (int n = 0; n < ENTRIES; n++)
            x = table[i](x);
    }
    return (void *)x;
}

int main(void)
{
    pthread_t threads[THREADS];
    pthread_barrier_init(&together, 0, THREADS);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], 0, work, 0);
    void *first = 0;
    for (int i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(threads[i], &result);
        if (i == 0)
            first = result;
        EQ(result == first, 1);
    }
    return guest_done();
}
