// also: i386 ppc
// cc: -O1 -static
// Pages of a file in memory (memfd_create, a file of a tmpfs) and of System V count as shared memory, those of another file as a file's: for the process itself and for one that
// looks at it from outside, who knows no names of its files.
#include "guest.h"
#include <sys/shm.h>
#include <sys/wait.h>

enum { PAGES = 2048 };
static long page;

static long field(pid_t pid, const char *key)
{
    static char text[8192];
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    CHECK(n > 0);
    text[n < 0 ? 0 : n] = 0;
    close(fd);
    char *at = strstr(text, key);
    return at ? strtol(at + strlen(key), NULL, 10) * 1024 / page : -1;
}

static volatile long *numbers;

static void look(int from_outside, int at)
{
    if (!from_outside) {
        numbers[at] = field(getpid(), "\nRssShmem:");
        numbers[at + 1] = field(getpid(), "\nRssFile:");
        return;
    }
    pid_t pid = fork();
    if (pid == 0) {
        numbers[at] = field(getppid(), "\nRssShmem:");
        numbers[at + 1] = field(getppid(), "\nRssFile:");
        _exit(0);
    }
    EQ(guest_wait(pid), 0);
}

static int near(long value, long wanted) { return value >= wanted - 130 && value <= wanted + 130; }

static void *map(int fd)
{
    size_t size = PAGES * page;
    char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(at != MAP_FAILED);
    for (size_t i = 0; i < size; i += page)
        at[i] = 1;
    return at;
}

static void one(const char *what, int fd)
{
    for (int outside = 0; outside < 2; outside++) {
        void *at;
        int id = -1;
        look(outside, 0);
        if (fd >= 0) {
            CHECK(ftruncate(fd, PAGES * page) == 0);
            at = map(fd);
        } else {
            id = shmget(IPC_PRIVATE, PAGES * page, 0600 | IPC_CREAT);
            at = shmat(id, NULL, 0);
            memset(at, 1, PAGES * page);
        }
        look(outside, 2);
        long shmem = numbers[2] - numbers[0], file = numbers[3] - numbers[1];
        printf("%s, %s: shared memory %s, files %s\n", what, outside ? "from outside" : "itself", near(shmem, PAGES) ? "all" : near(shmem, 0) ? "none" : "some",
            near(file, PAGES) ? "all" : near(file, 0) ? "none" : "some");
        if (fd >= 0)
            munmap(at, PAGES * page);
        else
            CHECK(shmdt(at) == 0 && shmctl(id, IPC_RMID, NULL) == 0);
    }
}

int main(void)
{
    page = sysconf(_SC_PAGESIZE);
    numbers = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    setvbuf(stdout, NULL, _IONBF, 0);
    one("memfd", memfd_create("some", 0));
    char name[] = "/dev/shm/proc-shmemXXXXXX";
    int fd = mkstemp(name);
    if (fd >= 0)
        unlink(name);
    one("tmpfs", fd);
    char other[] = "proc-shmemXXXXXX";
    fd = mkstemp(other);
    if (fd >= 0)
        unlink(other);
    one("a file", fd);
    one("System V", -1);
    return guest_done();
}
