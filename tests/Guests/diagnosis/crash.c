/* Dies in the way its first argument says, from leaf() called by middle(). Built and run by the tests of crash reports, core files and watchdogs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <unistd.h>
#include <sys/mman.h>
#include <fcntl.h>
#include <pthread.h>
#include <time.h>
volatile int sink, zero;
__attribute__((noinline)) static void leaf(char *p, int how) {
    switch (how) {
    case 0: *(volatile int *)p = 1; break;
    case 1: sink = *(volatile int *)p; break;
    case 2: ((void (*)(void))p)(); break;
    case 3: abort();
    case 4: sink = 1000 / zero; break;
    case 5: raise(SIGSYS); break;
    }
    sink++;
}
__attribute__((noinline)) void middle(char *p, int how) { char buf[64]; memset(buf, how, sizeof buf); leaf(p, how); sink += buf[3]; }
__attribute__((noinline)) int deep(int n) { volatile char b[4096]; b[0] = n; return deep(n + 1) + b[0]; }
static void handler(int s) { middle((char *)0x10, 0); }
static void *thread(void *a) { middle(a, 0); return 0; }
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile int waiting;
static void *sleeper(void *a) { __sync_fetch_and_add(&waiting, 1); struct timespec long_time = {1000, 0}; nanosleep(&long_time, 0); return a; }
static void *locker(void *a) { pthread_mutex_lock(&mutex); return a; }
int main(int argc, char **argv) {
    const char *k = argc > 1 ? argv[1] : "null";
    printf("before\n"); fflush(stdout);
    if (!strcmp(k, "null")) middle(0, 0);
    if (!strcmp(k, "nulloff")) middle((char *)0x123, 1);
    if (!strcmp(k, "wild")) middle((char *)0x7fabc000, 0);
    if (!strcmp(k, "heap")) { char *h = sbrk(0); middle(h + 0x5000, 1); }
    if (!strcmp(k, "ro")) middle((char *)"constant text", 0);
    if (!strcmp(k, "rofile")) { int fd = open(argv[0], O_RDONLY); middle(mmap(0, 4096, PROT_READ, MAP_PRIVATE, fd, 0), 0); }
    if (!strcmp(k, "jump")) middle((char *)0x20, 2);
    if (!strcmp(k, "data")) middle((char *)malloc(100), 2);
    if (!strcmp(k, "abort")) middle(0, 3);
    if (!strcmp(k, "div")) middle(0, 4);
    if (!strcmp(k, "sys")) middle(0, 5);
    if (!strcmp(k, "stack")) deep(0);
    if (!strcmp(k, "handler")) { signal(SIGUSR1, handler); raise(SIGUSR1); }
    if (!strcmp(k, "thread")) { pthread_t t; pthread_create(&t, 0, thread, 0); pthread_join(t, 0); }
    if (!strcmp(k, "bus")) { int fd = open("empty", O_RDWR | O_CREAT | O_TRUNC, 0600); middle(mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), 0); }
    if (!strcmp(k, "calls")) {
        char path[64]; struct timespec t = {0, 1};
        strcpy(path, "/not/there/then"); close(open(path, O_RDONLY)); close(open("/not/there/ever", O_RDONLY)); nanosleep(&t, 0);
        strcpy(path, "/changed/since"); t.tv_nsec = 77777; middle(0, 0);
    }
    if (!strcmp(k, "wait")) pause();
    if (!strcmp(k, "spin")) for (;;) sink++;
    if (!strcmp(k, "forkspin")) { if (fork()) pause(); else for (;;) sink++; }
    if (!strcmp(k, "threads")) { pthread_t t[3]; for (int i = 0; i < 3; i++) pthread_create(&t[i], 0, sleeper, 0); while (waiting < 3) usleep(1000); usleep(50000); middle(0, 0); }
    if (!strcmp(k, "deadlock")) { pthread_t t; pthread_mutex_lock(&mutex); pthread_create(&t, 0, locker, 0); pthread_join(t, 0); }
    return 0;
}
