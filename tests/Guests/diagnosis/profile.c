/* Spends its time in hot() called by parent_of_hot(), in the process, thread or child that its argument says. For the tests of -profile. */
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <unistd.h>
#include <pthread.h>
#include <sys/wait.h>
volatile unsigned long sink;
__attribute__((noinline)) void hot(int n) { for (int i = 0; i < n; i++) sink += i ^ (sink >> 3); }
__attribute__((noinline)) void warm(int n) { for (int i = 0; i < n; i++) sink += i; }
__attribute__((noinline)) void parent_of_hot(int n) { hot(3 * n); warm(n); sink++; }
static void *work(void *a) { parent_of_hot(40000000); return a; }
int main(int argc, char **argv) {
    const char *k = argc > 1 ? argv[1] : "plain";
    if (!strcmp(k, "calls")) { for (int i = 0; i < 300000; i++) { char b[16]; getcwd(b, 1); close(-1); access("/nonexistent", 0); } return 0; }
    if (!strcmp(k, "thread")) { pthread_t t; pthread_create(&t, 0, work, 0); parent_of_hot(20000000); pthread_join(t, 0); return 0; }
    if (!strcmp(k, "fork")) { if (!fork()) { parent_of_hot(30000000); exit(0); } parent_of_hot(30000000); wait(0); return 0; }
    if (!strcmp(k, "exec")) { if (!fork()) { execl(argv[0], argv[0], "plain", (char *)0); _exit(1); } wait(0); return 0; }
    parent_of_hot(60000000);
    printf("%lu\n", sink & 1 ? 1ul : 1ul);
    return 0;
}
