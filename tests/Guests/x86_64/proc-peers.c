// cc: -O1 -pthread
// also: i386 ppc
// /proc/PID of another process tells that process' truth: what it reads about itself is what its parent reads about it, and the kernel's rules on who may look hold.
#include "guest.h"
#include <dirent.h>
#include <limits.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static char mine[1 << 17], its[1 << 17];

static long slurp(const char *path, char *buffer, size_t size)
{
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return -errno;
    size_t n = 0;
    ssize_t r;
    while ((r = read(fd, buffer + n, size - 1 - n)) > 0)
        n += r;
    buffer[n] = 0;
    close(fd);
    return n;
}

static void send_all(int fd, const char *data, long n)
{
    if (write(fd, &n, sizeof n) != sizeof n)
        _exit(90);
    for (long done = 0, r; done < n; done += r)
        if ((r = write(fd, data + done, n - done)) <= 0)
            _exit(91);
}

static long receive(int fd, char *data)
{
    long n, done = 0, r;
    if (read(fd, &n, sizeof n) != sizeof n)
        return -1;
    for (; done < n; done += r)
        if ((r = read(fd, data + done, n - done)) <= 0)
            return -1;
    data[n > 0 ? n : 0] = 0;
    return n;
}

static const char *const files[] = {"maps", "auxv", "cmdline", "environ", "limits", "comm", "task/1/comm", "exe"};

/* The child executes this program again: tells what it sees about itself, then waits to be looked at. */
static void *sleeper(void *unused)
{
    pause();
    return unused;
}

static int child(int out, int in)
{
    pthread_t thread;
    char name[64];
    CHECK(pthread_create(&thread, NULL, sleeper, NULL) == 0);
    struct rlimit data = {1 << 30, 1u << 31};
    CHECK(setrlimit(RLIMIT_DATA, &data) == 0);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, (void (*)(int))sleeper);
    signal(SIGSEGV, (void (*)(int))sleeper);
    prctl(PR_SET_NAME, "a (peer) name");
    char *m = mmap(NULL, 5 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(m + 4096, 4096, PROT_READ | PROT_EXEC);
    munmap(m + 3 * 4096, 4096);
    memcpy(m, "here", 5);
    /* More mappings than any first table holds. */
    char *many = mmap(NULL, 1200 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 1200; i += 2)
        mprotect(many + i * 4096, 4096, PROT_READ | PROT_WRITE);
    for (unsigned i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(name, sizeof name, "/proc/self/%s", files[i]);
        if (!strncmp(files[i], "task", 4))
            snprintf(name, sizeof name, "/proc/self/task/%d/comm", getpid());
        long n = !strcmp(files[i], "exe") ? readlink(name, mine, sizeof mine - 1) : slurp(name, mine, sizeof mine);
        CHECK(n > 0);
        send_all(out, mine, n);
    }
    long place = (long)m;
    send_all(out, (char *)&place, sizeof place);
    char byte;
    if (read(in, &byte, 1) != 1)
        return 92;
    return guest_failures != 0;
}

static unsigned long field(const char *stat, int number)
{
    const char *p = strrchr(stat, ')') + 2;
    for (int i = 3; i < number; i++)
        p = strchr(p, ' ') + 1;
    return strtoul(p, NULL, 10);
}

static unsigned long long mask(const char *status, const char *key)
{
    const char *p = strstr(status, key);
    CHECK(p != NULL);
    return p ? strtoull(p + strlen(key), NULL, 16) : 0;
}

int main(int argc, char **argv)
{
    if (argc > 2)
        return child(atoi(argv[1]), atoi(argv[2]));
    syscall(SYS_close_range, 3, ~0u, 0); /* what a shell left open is not ours to count */
    int up[2], down[2];
    char a[16], b[16], path[96], self[PATH_MAX];
    CHECK(pipe(up) == 0 && pipe(down) == 0);
    snprintf(a, sizeof a, "%d", up[1]);
    snprintf(b, sizeof b, "%d", down[0]);
    pid_t pid = fork();
    if (pid == 0) {
        execl("/proc/self/exe", "some name", a, b, "an argument", NULL);
        _exit(93);
    }
    close(up[1]);
    for (unsigned i = 0; i < sizeof files / sizeof *files; i++) {
        long n = receive(up[0], its), m;
        snprintf(path, sizeof path, "/proc/%d/%s", pid, files[i]);
        if (!strncmp(files[i], "task", 4))
            snprintf(path, sizeof path, "/proc/%d/task/%d/comm", pid, pid);
        m = !strcmp(files[i], "exe") ? readlink(path, mine, sizeof mine - 1) : slurp(path, mine, sizeof mine);
        if (m > 0)
            mine[m] = 0;
        int same = n > 0 && m == n && memcmp(mine, its, n) == 0;
        printf("%s %s\n", files[i], same ? "the same" : "DIFFERS");
        if (!same) {
            fprintf(stderr, "%s: it says %ld\n%s\nwe see %ld\n%s\n", files[i], n, its, m, mine);
            guest_failures++;
        }
        if (!strcmp(files[i], "exe")) {
            long l = readlink("/proc/self/exe", self, sizeof self - 1);
            CHECK(l == m && memcmp(self, mine, l) == 0);
        }
    }
    long place = 0;
    EQ(receive(up[0], (char *)&place), sizeof place);
    snprintf(path, sizeof path, "/proc/%d/mem", pid);
    int fd = open(path, O_RDONLY);
    CHECK(fd >= 0 && pread64(fd, mine, 5, (unsigned long)place) == 5 && strcmp(mine, "here") == 0);
    close(fd);

    /* What maps says adds up to what stat, statm and status say. */
    snprintf(path, sizeof path, "/proc/%d/maps", pid);
    CHECK(slurp(path, mine, sizeof mine) > 0);
    unsigned long sum = 0;
    int lines = 0, private_exec = 0;
    for (char *line = strtok(mine, "\n"); line; line = strtok(NULL, "\n"), lines++) {
        unsigned long from, to;
        char perm[5];
        CHECK(sscanf(line, "%lx-%lx %4s", &from, &to, perm) == 3);
        if (!strstr(line, "[vsyscall]"))
            sum += to - from;
        if (from == (unsigned long)place + 4096)
            private_exec = to - from == 4096 && !strcmp(perm, "r-xp");
    }
    CHECK(lines > 1200);
    CHECK(private_exec);
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    CHECK(slurp(path, mine, sizeof mine) > 0);
    CHECK(strstr(mine, "(a (peer) name)") != NULL);
    EQ(field(mine, 4), getpid());
    EQ(field(mine, 20), 2);
    EQ(field(mine, 23), sum);
    CHECK(field(mine, 26) != 0 && field(mine, 26) < field(mine, 27) && field(mine, 28) > field(mine, 27));
    unsigned long arg = field(mine, 48), end = field(mine, 49);
    EQ(end - arg, strlen("some name") + strlen(a) + strlen(b) + strlen("an argument") + 4);
    snprintf(path, sizeof path, "/proc/%d/statm", pid);
    CHECK(slurp(path, mine, sizeof mine) > 0);
    EQ(strtoul(mine, NULL, 10), sum / 4096);
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    CHECK(slurp(path, mine, sizeof mine) > 0);
    CHECK(strstr(mine, "\nThreads:\t2\n") != NULL);
    unsigned long long ignored = mask(mine, "SigIgn:\t"), caught = mask(mine, "SigCgt:\t");
    EQ(ignored & 1u << (SIGUSR1 - 1), 1u << (SIGUSR1 - 1));
    /* The two lowest real-time signals are the C library's. */
    EQ(caught & ~(3ull << 31), 1u << (SIGUSR2 - 1) | 1u << (SIGSEGV - 1));
    snprintf(path, sizeof path, "/proc/%d/smaps", pid);
    CHECK(slurp(path, mine, sizeof mine) > 0);
    CHECK(strstr(mine, "VmFlags: rd ") != NULL);
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
    CHECK(slurp(path, mine, sizeof mine) > 0);
    CHECK(strstr(mine, "[rollup]\nRss: ") != NULL);
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *d = opendir(path);
    int tasks = 0, hidden = 0;
    for (struct dirent *e; d && (e = readdir(d));)
        tasks += e->d_name[0] != '.';
    closedir(d);
    EQ(tasks, 2);
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));)
        hidden += e->d_name[0] != '.' && atoi(e->d_name) > 20;
    closedir(d);
    EQ(hidden, 0);
    struct rlimit data;
    CHECK(prlimit(pid, RLIMIT_DATA, NULL, &data) == 0);
    EQ(data.rlim_cur, 1 << 30);

    /* Stopped, it can be looked at as well. */
    kill(pid, SIGSTOP);
    CHECK(waitpid(pid, NULL, WUNTRACED) == pid);
    snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
    CHECK(slurp(path, mine, sizeof mine) > 0 && strcmp(mine, "some name") == 0);
    kill(pid, SIGCONT);
    CHECK(write(down[1], "x", 1) == 1);
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    EQ(status, 0);
    snprintf(path, sizeof path, "/proc/%d/maps", pid);
    EQ(slurp(path, mine, sizeof mine), -ENOENT);

    /* Who may not trace may not look either: what is not dumpable. */
    if (geteuid() != 0) {
        pid = fork();
        if (pid == 0) {
            prctl(PR_SET_DUMPABLE, 0);
            CHECK(write(down[1], "x", 1) == 1);
            pause();
        }
        CHECK(read(down[0], mine, 1) == 1);
        snprintf(path, sizeof path, "/proc/%d/maps", pid);
        EQ(slurp(path, mine, sizeof mine), -EACCES);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    return guest_done();
}
