// also: i386 ppc
// cc: -O2 -pthread
// A signal just before or at the entry of a blocking call must not be slept through: two processes bounce signals through sigsuspend, ppoll and pselect.
#include "guest.h"
#include <poll.h>
#include <sys/select.h>

static volatile sig_atomic_t hits;
static void hit(int sig) { (void)sig; hits++; }

static void bounce(pid_t other, int rounds, int starts, int how)
{
    sigset_t none;
    sigemptyset(&none);
    for (int i = 0; i < rounds; i++) {
        if (starts)
            kill(other, SIGUSR1);
        int before = i;
        while (hits == before) {
            struct timespec t = { 10, 0 };
            if (how == 0)
                sigsuspend(&none);
            else if (how == 1)
                ppoll(NULL, 0, &t, &none);
            else
                pselect(0, NULL, NULL, NULL, &t, &none);
        }
        if (!starts)
            kill(other, SIGUSR1);
    }
}

int main(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGUSR1, hit);
    for (int how = 0; how < 3; how++) {
        hits = 0;
        fflush(stdout);
        pid_t parent = getpid(), pid = fork();
        if (pid == 0) {
            bounce(parent, 500, 0, how);
            _exit(0);
        }
        bounce(pid, 500, 1, how);
        EQ(guest_wait(pid), 0);
        printf("%d bounces\n", (int)hits);
    }
    return guest_done();
}
