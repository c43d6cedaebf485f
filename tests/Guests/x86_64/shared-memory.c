// also: i386 ppc
// cc: -O2 -pthread
// Memory shared with forked children: anonymous, SysV segments, memfd, POSIX; atomic counters, semaphores, private pages stay private.
#include "guest.h"
#include <semaphore.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <sys/shm.h>

struct shared { sem_t ping, pong; int counter, locked; };

static void rounds(struct shared *s, int first)
{
    for (int i = 0; i < 200; i++) {
        sem_wait(first ? &s->ping : &s->pong);
        s->counter++;
        sem_post(first ? &s->pong : &s->ping);
        for (int k = 0; k < 50; k++)
            __atomic_fetch_add(&s->locked, 1, __ATOMIC_SEQ_CST);
    }
}

static void try(const char *name, struct shared *s)
{
    int private = 1;
    memset(s, 0, sizeof *s);
    sem_init(&s->ping, 1, 1);
    sem_init(&s->pong, 1, 0);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        private = 2;
        rounds(s, 0);
        _exit(private);
    }
    rounds(s, 1);
    EQ(guest_wait(pid), 2 << 8);
    printf("%s: counter %d locked %d private %d\n", name, s->counter, s->locked, private);
}

int main(void)
{
    try("anonymous", mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    int fd = memfd_create("x", 0);
    CHECK(ftruncate(fd, 8192) == 0);
    try("memfd", mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));

    int id = shmget(IPC_PRIVATE, 10000, IPC_CREAT | 0600);
    CHECK(id >= 0);
    struct shared *s = shmat(id, NULL, 0);
    CHECK(s != (void *)-1);
    try("sysv", s);
    struct shmid_ds ds;
    CHECK(shmctl(id, IPC_STAT, &ds) == 0 && ds.shm_nattch == 1 && ds.shm_segsz == 10000);
    char *again = shmat(id, NULL, SHM_RDONLY);
    CHECK(again != (void *)-1 && memcmp(again, s, sizeof *s) == 0);
    CHECK(shmctl(id, IPC_RMID, NULL) == 0);
    CHECK(shmdt(s) == 0 && shmdt(again) == 0);
    FAILS(shmdt(s), EINVAL);
    FAILS(shmget(0x7fff1234, 0, 0), ENOENT);

    int sem = semget(IPC_PRIVATE, 2, IPC_CREAT | 0600);
    CHECK(sem >= 0);
    union { int val; unsigned short *array; } u;
    unsigned short values[2] = { 3, 4 };
    u.array = values;
    CHECK(semctl(sem, 0, SETALL, u) == 0);
    struct sembuf op[2] = { { 0, -1, 0 }, { 1, 2, 0 } };
    CHECK(semop(sem, op, 2) == 0);
    printf("semaphores %d %d\n", semctl(sem, 0, GETVAL), semctl(sem, 1, GETVAL));
    op[0].sem_op = -100;
    op[0].sem_flg = IPC_NOWAIT;
    FAILS(semop(sem, op, 1), EAGAIN);
    CHECK(semctl(sem, 0, IPC_RMID) == 0);
    return guest_done();
}
