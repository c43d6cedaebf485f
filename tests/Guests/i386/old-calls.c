// cc: -O1
// Calls that only old programs make: socketcall, ipc, old mmap, select, stat, readdir, signal, sigprocmask, 16-bit ids, _llseek, waitpid, olduname; and the 64-bit times.
#include "guest.h"
#include <linux/net.h>
#include <poll.h>
#include <sys/ipc.h>
#include <sys/select.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define CALL(nr, a, b, c, d, e) guest_syscall(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e))

enum { SEMOP = 1, SEMGET = 2, SEMCTL = 3, MSGSND = 11, MSGRCV = 12, MSGGET = 13, MSGCTL = 14, SHMAT = 21, SHMDT = 22, SHMGET = 23, SHMCTL = 24 }; /* linux/ipc.h */

static volatile int count;
static void handler(int sig) { (void)sig; count++; }

static void sockets(void)
{
    int pair[2];
    long a[6] = { AF_UNIX, SOCK_STREAM, 0, (long)pair };
    EQ(CALL(SYS_socketcall, SYS_SOCKETPAIR, a, 0, 0, 0), 0);
    long s[6] = { pair[0], (long)"hello", 6, 0 };
    EQ(CALL(SYS_socketcall, SYS_SEND, s, 0, 0, 0), 6);
    char text[8];
    long r[6] = { pair[1], (long)text, 8, 0 };
    EQ(CALL(SYS_socketcall, SYS_RECV, r, 0, 0, 0), 6);
    puts(text);
    long none[3] = { 999, 1, 0 };
    printf("errors %ld %ld %ld\n", CALL(SYS_socketcall, 99, a, 0, 0, 0), CALL(SYS_socketcall, SYS_SEND, 16, 0, 0, 0), CALL(SYS_socketcall, SYS_SOCKET, none, 0, 0, 0));
    struct iovec v = { "by message", 11 };
    union { struct cmsghdr h; char room[CMSG_SPACE(sizeof(int))]; } control;
    memset(&control, 0, sizeof control);
    struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
    control.h = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
    memcpy(CMSG_DATA(&control.h), &pair[0], sizeof(int));
    long sm[3] = { pair[0], (long)&m, 0 };
    EQ(CALL(SYS_socketcall, SYS_SENDMSG, sm, 0, 0, 0), 11);
    char got[16];
    v = (struct iovec){ got, sizeof got };
    memset(&control, 0, sizeof control);
    m.msg_controllen = sizeof control;
    long rm[3] = { pair[1], (long)&m, 0 };
    EQ(CALL(SYS_socketcall, SYS_RECVMSG, rm, 0, 0, 0), 11);
    int fd;
    memcpy(&fd, CMSG_DATA(&control.h), sizeof fd);
    printf("%s, control %u of type %d, descriptor works %d\n", got, (unsigned)m.msg_controllen, control.h.cmsg_type, fcntl(fd, F_GETFD) >= 0);
    close(pair[0]);
    close(pair[1]);
    close(fd);
}

static void files(void)
{
    int fd = open("old-file", O_RDWR | O_LARGEFILE | O_CREAT | O_TRUNC, 0640);
    EQ(CALL(SYS_write, fd, "0123456789", 10, 0, 0), 10);
    EQ(CALL(SYS_ftruncate64, fd, 0, 2, 0, 0), 0); /* 8 GiB */
    uint64_t at = 0;
    EQ(CALL(SYS__llseek, fd, 1, 5, &at, SEEK_SET), 0);
    printf("_llseek %llx\n", (unsigned long long)at);
    EQ(CALL(SYS_pwrite64, fd, "far", 3, 7, 1), 3);
    char text[4] = "";
    EQ(CALL(SYS_pread64, fd, text, 3, 7, 1), 3);
    puts(text);
    uint8_t raw[256];
    printf("stat of a large file %ld %ld\n", CALL(SYS_stat, "old-file", raw, 0, 0, 0), CALL(SYS_oldstat, "old-file", raw, 0, 0, 0));
    EQ(CALL(SYS_stat64, "old-file", raw, 0, 0, 0), 0);
    printf("stat64 mode %o size %llx\n", *(uint32_t *)(raw + 16), (unsigned long long)*(uint64_t *)(raw + 44));
    EQ(CALL(SYS_truncate, "old-file", 10, 0, 0, 0), 0);
    EQ(CALL(SYS_stat, "old-file", raw, 0, 0, 0), 0);
    printf("stat mode %o links %u size %u\n", *(uint16_t *)(raw + 8), *(uint16_t *)(raw + 10), *(uint32_t *)(raw + 20));
    long map[6] = { 0, 4096, PROT_READ, MAP_PRIVATE, fd, 0 };
    const char *p = (const char *)CALL(SYS_mmap, map, 0, 0, 0, 0);
    printf("old mmap %.10s\n", p);
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2, .l_len = 4 };
    EQ(CALL(SYS_fcntl, fd, F_SETLK, &lock, 0, 0), 0);
    mkdir("old-dir", 0755);
    close(open("old-dir/a-name", O_CREAT | O_WRONLY, 0600));
    int dir = open("old-dir", O_RDONLY | O_DIRECTORY);
    int names = 0;
    struct { uint32_t ino, off; uint16_t length; char name[256]; } entry;
    while (CALL(SYS_readdir, dir, &entry, 1, 0, 0) == 1)
        names += strcmp(entry.name, "a-name") == 0 ? 100 : 1;
    printf("readdir %d\n", names);
    lseek(dir, 0, SEEK_SET);
    char entries[1024];
    long n = CALL(SYS_getdents, dir, entries, sizeof entries, 0, 0);
    int seen = 0;
    for (char *e = entries; e < entries + n; e += *(uint16_t *)(e + 8))
        seen += strcmp(e + 10, "a-name") == 0 ? 100 : 1;
    printf("getdents %d\n", seen);
    close(dir);
    unlink("old-dir/a-name");
    rmdir("old-dir");
    close(fd);
    unlink("old-file");
    printf("ids %d %ld\n", CALL(SYS_getuid, 0, 0, 0, 0, 0) == (geteuid() > 65535 ? 65534 : (long)getuid()), CALL(SYS_chown, "/nothing/here", -1, -1, 0, 0));
    char uts[400];
    EQ(CALL(SYS_uname, uts, 0, 0, 0, 0), 0);
    EQ(CALL(SYS_olduname, uts, 0, 0, 0, 0), 0);
    printf("names %s\n", uts);
}

static void waiting(void)
{
    int p[2];
    CHECK(pipe(p) == 0 && write(p[1], "x", 1) == 1);
    fd_set set;
    FD_ZERO(&set);
    FD_SET(p[0], &set);
    struct { long sec, usec; } none = { 0, 1000 };
    long old[5] = { p[0] + 1, (long)&set, 0, 0, (long)&none };
    printf("select %ld %d", CALL(SYS_select, old, 0, 0, 0, 0), FD_ISSET(p[0], &set) != 0);
    FD_SET(p[0], &set);
    printf(" %ld\n", CALL(SYS__newselect, p[0] + 1, &set, 0, 0, &none));
    int64_t soon[2] = { 0, 1000000 }, now[2], long_ago[2] = { -1, 0 };
    struct pollfd f = { p[1], POLLIN, 0 };
    printf("ppoll %ld", CALL(SYS_ppoll_time64, &f, 1, soon, 0, 8));
    printf(" nanosleep %ld %ld", CALL(SYS_clock_nanosleep_time64, CLOCK_MONOTONIC, 0, soon, 0, 0), CALL(SYS_clock_nanosleep_time64, CLOCK_MONOTONIC, 0, long_ago, 0, 0));
    int word = 1;
    printf(" futex %ld %ld\n", CALL(SYS_futex_time64, &word, 0, 1, soon, 0), CALL(SYS_futex_time64, &word, 0, 2, soon, 0));
    long now32[2];
    EQ(CALL(SYS_clock_gettime64, CLOCK_REALTIME, now, 0, 0, 0), 0);
    EQ(CALL(SYS_clock_gettime, CLOCK_REALTIME, now32, 0, 0, 0), 0);
    CHECK(llabs(now[0] - now32[0]) <= 1 && llabs(now[0] - CALL(SYS_time, 0, 0, 0, 0, 0)) <= 1);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        _exit(5);
    int status = 0;
    printf("waitpid %d %x\n", CALL(SYS_waitpid, pid, &status, 0, 0, 0) == pid, status);
}

static void signals(void)
{
    printf("signal %ld", CALL(SYS_signal, SIGUSR1, handler, 0, 0, 0));
    raise(SIGUSR1);
    struct { void *handler; uint32_t mask; unsigned long flags; void *restorer; } was, act = { handler, 0, 0, 0 };
    CALL(SYS_sigaction, SIGUSR1, &act, &was, 0, 0);
    printf(" came %d reset %d flags %lx\n", count, was.handler == NULL, was.flags);
    uint32_t mask = 1 << (SIGUSR1 - 1), old = 0, pending = 0;
    EQ(CALL(SYS_sigprocmask, SIG_BLOCK, &mask, &old, 0, 0), 0);
    raise(SIGUSR1);
    EQ(CALL(SYS_sigpending, &pending, 0, 0, 0, 0), 0);
    printf("pending %x, mask was %x, count %d\n", pending, old, count);
    printf("sigsuspend %ld count %d\n", CALL(SYS_sigsuspend, 0, 0, 0, 0, 0), count);
    printf("ssetmask %lx sgetmask %lx\n", CALL(SYS_ssetmask, 0, 0, 0, 0, 0), CALL(SYS_sgetmask, 0, 0, 0, 0, 0));
}

static void system_v(void)
{
    long id = CALL(SYS_ipc, SHMGET, IPC_PRIVATE, 8192, IPC_CREAT | 0600, 0);
    unsigned long at = 0;
    EQ(CALL(SYS_ipc, SHMAT, id, 0, &at, 0), 0);
    *(int *)at = 5;
    struct shmid_ds info;
    memset(&info, 0, sizeof info);
    EQ(CALL(SYS_ipc, SHMCTL, id, IPC_STAT | 0x100, 0, &info), 0);
    printf("shm size %u attached %u\n", (unsigned)info.shm_segsz, (unsigned)info.shm_nattch);
    EQ(guest_syscall(SYS_ipc, SHMDT, 0, 0, 0, at), 0);
    EQ(CALL(SYS_ipc, SHMCTL, id, IPC_RMID, 0, 0), 0);
    id = CALL(SYS_ipc, SEMGET, IPC_PRIVATE, 2, IPC_CREAT | 0600, 0);
    long value = 3;
    EQ(CALL(SYS_ipc, SEMCTL, id, 1, SETVAL, &value), 0);
    struct sembuf down = { 1, -1, 0 };
    EQ(CALL(SYS_ipc, SEMOP, id, 1, 0, &down), 0);
    printf("sem %ld\n", CALL(SYS_ipc, SEMCTL, id, 1, GETVAL, &value));
    EQ(CALL(SYS_ipc, SEMCTL, id, 0, IPC_RMID, &value), 0);
    id = CALL(SYS_ipc, MSGGET, IPC_PRIVATE, IPC_CREAT | 0600, 0, 0);
    struct { long type; char text[8]; } m = { 4, "message" }, got;
    EQ(CALL(SYS_ipc, MSGSND, id, 8, 0, &m), 0);
    long kludge[2] = { (long)&got, 0 };
    EQ(CALL(SYS_ipc, MSGRCV, id, 8, 0, kludge), 8);
    printf("msg %ld %s\n", got.type, got.text);
    EQ(CALL(SYS_ipc, MSGCTL, id, IPC_RMID, 0, 0), 0);
    printf("ipc errors %ld %ld\n", CALL(SYS_ipc, 77, 0, 0, 0, 0), CALL(SYS_ipc, SHMCTL, -1, IPC_STAT, 0, &info));
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    sockets();
    files();
    waiting();
    signals();
    system_v();
    return guest_done();
}
