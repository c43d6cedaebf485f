// also: i386 ppc
// cc: -O2 -pthread
// ends: exit 7
// main leaves with pthread_exit while another thread runs on and ends the process.
#include "guest.h"
#include <pthread.h>

static pthread_t main_thread;

static void *other(void *arg)
{
    (void)arg;
    void *result;
    CHECK(pthread_join(main_thread, &result) == 0);
    EQ(result, 5);
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/self/status");
    FILE *f = fopen(path, "r");
    CHECK(f != NULL);
    while (f && fgets(text, sizeof text, f) && strncmp(text, "Tgid:", 5)) { }
    EQ(atoi(text + 5), getpid());
    if (f)
        fclose(f);
    guest_done();
    exit(7);
}

int main(void)
{
    pthread_t t;
    main_thread = pthread_self();
    pthread_create(&t, NULL, other, NULL);
    pthread_exit((void *)5L);
}
