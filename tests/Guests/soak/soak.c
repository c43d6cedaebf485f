/* Endurance, run by tests/soak.sh: "spawn N" starts this program N times by fork, vfork and posix_spawn in turn and checks what came back;
 * "threads N" makes N threads, 50 at a time, that allocate, lock and signal; "signals N" has two threads send N signals each to one that sleeps; "words N" starts N programs by
 * vfork with an environment of 1 MiB, and fails if what is made of it for exec stays behind in this process. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long counted;
static volatile sig_atomic_t taken;

static void die(const char *what)
{
    fprintf(stderr, "soak: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void spawn(const char *self, int count)
{
    for (int i = 0; i < count; i++) {
        char word[16];
        snprintf(word, sizeof word, "%d", i % 100);
        char *argv[] = { (char *)self, "exit", word, NULL };
        pid_t pid;
        if (i % 3 == 2) {
            if (posix_spawn(&pid, self, NULL, NULL, argv, environ))
                die("posix_spawn");
        } else {
            pid = i % 3 ? vfork() : fork();
            if (pid == 0) {
                execv(self, argv);
                _exit(125);
            }
        }
        int status;
        if (pid < 0 || waitpid(pid, &status, 0) != pid)
            die("fork or wait");
        if (!WIFEXITED(status) || WEXITSTATUS(status) != i % 100) {
            fprintf(stderr, "soak: child %d ended with %#x\n", i, status);
            exit(1);
        }
    }
}

static void words(const char *self, int count)
{
    enum { Strings = 8, Length = 128 * 1024 - 1, Allowed = 24 * 1024 };
    char *environment[Strings + 1] = { NULL }, *argv[] = { (char *)self, "exit", "0", NULL };
    struct rusage early = { 0 }, late;
    for (int i = 0; i < Strings; i++) {
        environment[i] = malloc(Length + 1);
        memset(environment[i], 'a' + i, Length);
        environment[i][1] = '=';
        environment[i][Length] = 0;
    }
    for (int i = 0; i < count; i++) {
        pid_t pid = vfork();
        int status;
        if (pid == 0) {
            execve(self, argv, environment);
            _exit(125);
        }
        if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
            die("vfork, exec or wait");
        if (i == count / 3)
            getrusage(RUSAGE_SELF, &early);
    }
    getrusage(RUSAGE_SELF, &late);
    if (late.ru_maxrss - early.ru_maxrss > Allowed) {
        fprintf(stderr, "soak: memory grew from %ld to %ld KiB\n", early.ru_maxrss, late.ru_maxrss);
        exit(1);
    }
}

static void *work(void *arg)
{
    for (int i = 0; i < 20; i++) {
        char *p = malloc(1000 + i * 997);
        memset(p, i, 1000);
        pthread_mutex_lock(&lock);
        counted += p[999] == (char)i;
        pthread_mutex_unlock(&lock);
        free(p);
    }
    return arg;
}

static void threads(int count)
{
    enum { Wave = 50 };
    pthread_t made[Wave];
    for (int done = 0; done < count; done += Wave) {
        for (long i = 0; i < Wave; i++)
            if ((errno = pthread_create(&made[i], NULL, work, (void *)i)))
                die("pthread_create");
        for (long i = 0; i < Wave; i++) {
            void *result;
            if ((errno = pthread_join(made[i], &result)) || result != (void *)i)
                die("pthread_join");
        }
    }
    if (counted != (count + Wave - 1) / Wave * Wave * 20L)
        die("a thread lost its work");
}

static pthread_t sleeper;
static volatile int stop;

static void on_signal(int signal)
{
    (void)signal;
    taken++;
}

static void *sleeps(void *arg)
{
    struct timespec moment = { 0, 100000 };
    while (!stop)
        nanosleep(&moment, NULL);
    return arg;
}

static void *sends(void *arg)
{
    for (long i = 0; i < (long)arg; i++) {
        sig_atomic_t before = taken;
        pthread_kill(sleeper, SIGUSR1);
        for (int spin = 0; taken == before && spin < 1000; spin++)
            sched_yield();
    }
    return NULL;
}

static void signals(long count)
{
    signal(SIGUSR1, on_signal);
    pthread_t senders[2];
    pthread_create(&sleeper, NULL, sleeps, NULL);
    for (int i = 0; i < 2; i++)
        pthread_create(&senders[i], NULL, sends, (void *)count);
    for (int i = 0; i < 2; i++)
        pthread_join(senders[i], NULL);
    stop = 1;
    pthread_join(sleeper, NULL);
    if (!taken)
        die("no signal arrived");
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    int count = atoi(argv[2]);
    if (!strcmp(argv[1], "exit"))
        return count;
    if (!strcmp(argv[1], "spawn"))
        spawn(argv[0], count);
    else if (!strcmp(argv[1], "words"))
        words(argv[0], count);
    else if (!strcmp(argv[1], "threads"))
        threads(count);
    else
        signals(count);
    puts("ok");
    return 0;
}
