// also: i386 ppc
// cc: -O2
// wait4, waitid and waitpid: exit codes, signals, groups, WNOHANG, WNOWAIT, rusage, errors; orphans; prctl death signal; a pipeline of children.
#include "guest.h"
#include <sys/prctl.h>
#include <sys/resource.h>

static pid_t child(int code)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        if (code < 0)
            kill(getpid(), -code);
        _exit(code);
    }
    return pid;
}

int main(void)
{
    int status;
    siginfo_t info;
    static const int codes[] = { 0, 1, 127, 255, -SIGKILL, -SIGSEGV, -SIGTERM, -SIGUSR1, -SIGPIPE };
    for (unsigned i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct rusage ru;
        memset(&ru, 0xff, sizeof ru);
        pid_t pid = child(codes[i]);
        EQ(wait4(pid, &status, 0, &ru), pid);
        CHECK(ru.ru_utime.tv_sec == 0 && ru.ru_maxrss > 0);
        printf("%d: exited %d %d signaled %d %d\n", codes[i], WIFEXITED(status), WIFEXITED(status) ? WEXITSTATUS(status) : 0, WIFSIGNALED(status),
            WIFSIGNALED(status) ? WTERMSIG(status) : 0);
        pid = child(codes[i]);
        memset(&info, 0, sizeof info);
        EQ(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
        EQ(waitid(P_ALL, 0, &info, WEXITED), 0);
        printf("  code %d status %d signo %d\n", info.si_code == CLD_DUMPED ? CLD_KILLED : info.si_code, info.si_status, info.si_signo);
        EQ(info.si_pid, pid);
    }
    FAILS(wait(&status), ECHILD);
    FAILS(waitid(P_PID, 1 << 30, &info, WEXITED), ECHILD);
    FAILS(waitid(P_ALL, 0, &info, 0), EINVAL);
    FAILS(waitpid(-1, &status, 0x1000), EINVAL);

    int p[2];
    CHECK(pipe(p) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        char c;
        close(p[1]);
        _exit(read(p[0], &c, 1) == 0 ? 8 : 9);
    }
    close(p[0]);
    EQ(waitpid(pid, &status, WNOHANG), 0);
    memset(&info, 0, sizeof info);
    EQ(waitid(P_PID, pid, &info, WEXITED | WNOHANG), 0);
    EQ(info.si_pid, 0);
    close(p[1]);
    EQ(guest_wait(pid), 8 << 8);

    pid_t leader = fork();
    if (leader == 0) {
        setpgid(0, 0);
        _exit(3);
    }
    setpgid(leader, leader);
    EQ(waitpid(-leader, &status, 0), leader);

    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid = fork();
    if (pid == 0) {
        pid_t orphan = fork();
        if (orphan == 0) {
            guest_sleep_ms(20);
            _exit(66);
        }
        _exit(1);
    }
    EQ(guest_wait(pid), 1 << 8);
    CHECK(wait(&status) > 0);
    EQ(status, 66 << 8);

    /* sum of 1..1000 through a chain of 5 processes that each add one. */
    int in = -1;
    for (int stage = 0; stage < 6; stage++) {
        int q[2];
        CHECK(pipe(q) == 0);
        if (fork() == 0) {
            close(q[0]);
            int n;
            if (stage == 0) {
                for (n = 1; n <= 1000; n++)
                    if (write(q[1], &n, sizeof n) != sizeof n)
                        _exit(1);
            } else {
                while (read(in, &n, sizeof n) == sizeof n) {
                    n++;
                    if (write(q[1], &n, sizeof n) != sizeof n)
                        _exit(1);
                }
            }
            _exit(0);
        }
        close(q[1]);
        if (in >= 0)
            close(in);
        in = q[0];
    }
    long sum = 0;
    for (int n; read(in, &n, sizeof n) == sizeof n;)
        sum += n;
    for (int i = 0; i < 6; i++) {
        CHECK(wait(&status) > 0);
        EQ(status, 0);
    }
    printf("pipeline %ld\n", sum);
    return guest_done();
}
