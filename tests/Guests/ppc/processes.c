// cc: -O2 -pthread
// fork, vfork, posix_spawn, exec with arguments and environment, waitid, pipes, process groups, signals' information, System V IPC.
#include "guest.h"
#include <spawn.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>

extern char **environ;
static volatile int got_value, got_code, got_pid, got_status;

static void info_handler(int sig, siginfo_t *info, void *context)
{
    (void)context;
    got_code = info->si_code;
    got_pid = info->si_pid;
    if (sig == SIGCHLD)
        got_status = info->si_status;
    else
        got_value = info->si_value.sival_int;
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        CHECK(argc == 4);
        CHECK(strcmp(argv[0], "zero") == 0 && strcmp(argv[1], "re-executed") == 0 && strcmp(argv[2], "") == 0);
        CHECK(getenv("ONLY") && strcmp(getenv("ONLY"), "one") == 0 && environ[1] == 0);
        return guest_failures ? 99 : atoi(argv[3]);
    }

    char self[256] = "";
    CHECK(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    char *arguments[] = { "zero", "re-executed", "", "42", 0 }, *variables[] = { "ONLY=one", 0 };
    int status;
    pid_t pid;
    EQ(posix_spawn(&pid, self, 0, 0, arguments, variables), 0);
    EQ(waitpid(pid, &status, 0), pid);
    EQ(status, 42 << 8);
    EQ(posix_spawn(&pid, "/nonexistent", 0, 0, arguments, variables), ENOENT);
    arguments[3] = "17";
    if ((pid = vfork()) == 0) {
        execve(self, arguments, variables);
        _exit(1);
    }
    siginfo_t info;
    memset(&info, 0, sizeof info);
    EQ(waitid(P_PID, pid, &info, WEXITED | WNOWAIT), 0);
    EQ(info.si_pid, pid);
    EQ(info.si_code, CLD_EXITED);
    EQ(info.si_status, 17);
    EQ(info.si_signo, SIGCHLD);
    EQ(waitpid(pid, &status, 0), pid);

    struct sigaction sa = { .sa_sigaction = info_handler, .sa_flags = SA_SIGINFO | SA_RESTART };
    sigaction(SIGCHLD, &sa, 0);
    sigaction(SIGRTMIN + 3, &sa, 0);
    int pipes[2];
    EQ(pipe(pipes), 0);
    if ((pid = fork()) == 0) {
        union sigval v = { .sival_int = -12345 };
        sigqueue(getppid(), SIGRTMIN + 3, v);
        if (write(pipes[1], "from child", 10) != 10)
            _exit(1);
        kill(getpid(), SIGTERM);
        pause();
    }
    char text[32] = "";
    EQ(read(pipes[0], text, sizeof text), 10);
    CHECK(strcmp(text, "from child") == 0);
    while (waitpid(pid, &status, 0) < 0)
        ;
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    EQ(got_value, -12345);
    EQ(got_code, CLD_KILLED);
    EQ(got_status, SIGTERM);
    EQ(got_pid, pid);
    signal(SIGCHLD, SIG_DFL);

    if ((pid = fork()) == 0) {
        raise(SIGSTOP);
        _exit(5);
    }
    EQ(waitpid(pid, &status, WUNTRACED), pid);
    CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    kill(pid, SIGCONT);
    EQ(waitpid(pid, &status, 0), pid);
    EQ(WEXITSTATUS(status), 5);

    if (getsid(0) != getpid()) // the leader of a session stays where it is
        EQ(setpgid(0, 0), 0);
    EQ(getpgrp(), getpid());
    char name[16] = "";
    EQ(prctl(PR_SET_NAME, "renamed"), 0);
    EQ(prctl(PR_GET_NAME, name), 0);
    CHECK(strcmp(name, "renamed") == 0);

    int shm = shmget(IPC_PRIVATE, 8192, IPC_CREAT | 0600), sem = semget(IPC_PRIVATE, 3, IPC_CREAT | 0600), queue = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
    int *shared = shmat(shm, 0, 0);
    CHECK(shared != (void *)-1);
    struct shmid_ds sd;
    EQ(shmctl(shm, IPC_STAT, &sd), 0);
    EQ(sd.shm_segsz, 8192);
    EQ(sd.shm_nattch, 1);
    EQ(sd.shm_perm.mode & 0777, 0600);
    EQ(sd.shm_cpid, getpid());
    union semun { int val; struct semid_ds *buf; unsigned short *array; } arg = { .val = 4 };
    EQ(semctl(sem, 1, SETVAL, arg), 0);
    EQ(semctl(sem, 1, GETVAL), 4);
    unsigned short all[3] = { 7, 8, 9 };
    arg.array = all;
    EQ(semctl(sem, 0, SETALL, arg), 0);
    EQ(semctl(sem, 2, GETVAL), 9);
    struct semid_ds semd;
    arg.buf = &semd;
    EQ(semctl(sem, 0, IPC_STAT, arg), 0);
    EQ(semd.sem_nsems, 3);
    struct { long type; char text[16]; } message = { 3, "a message" }, received;
    if ((pid = fork()) == 0) {
        struct sembuf up = { 0, 1, 0 };
        shared[5] = 0x12345678;
        msgsnd(queue, &message, 10, 0);
        semop(sem, &up, 1);
        _exit(0);
    }
    struct sembuf down = { 0, -8, 0 };
    EQ(semop(sem, &down, 1), 0);
    EQ(shared[5], 0x12345678);
    EQ(msgrcv(queue, &received, 16, 0, 0), 10);
    EQ(received.type, 3);
    CHECK(strcmp(received.text, "a message") == 0);
    struct msqid_ds md;
    EQ(msgctl(queue, IPC_STAT, &md), 0);
    EQ(md.msg_qnum, 0);
    EQ(md.msg_lspid, pid);
    waitpid(pid, &status, 0);
    FAILS(msgrcv(queue, &received, 16, 0, IPC_NOWAIT), ENOMSG);
    EQ(shmdt(shared), 0);
    EQ(shmctl(shm, IPC_RMID, 0), 0);
    EQ(semctl(sem, 0, IPC_RMID), 0);
    EQ(msgctl(queue, IPC_RMID, 0), 0);
    return guest_done();
}
