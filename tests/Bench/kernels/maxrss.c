// Runs its arguments and then writes the largest resident size of that process, in KiB, to standard error. A process of its own, because the figure includes what the
// process held before exec, and the benchmark itself is large.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int status;
    struct rusage usage;
    pid_t pid = fork();
    if (pid == 0) {
        if (argc > 1)
            execv(argv[1], argv + 1);
        _exit(127);
    }
    wait4(pid, &status, 0, &usage);
    fprintf(stderr, "\nmaxrss %ld\n", usage.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
