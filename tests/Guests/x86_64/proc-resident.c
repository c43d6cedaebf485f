// also: i386 ppc
// cc: -O1 -static
// What /proc says is resident is the program's: pages it touches are counted as they come and go, and nothing is there besides that a small program would not have;
// for itself, for its parent, and for the files stat, statm and status alike.
#include "guest.h"
#include <sys/wait.h>

enum { PAGES = 4096, SMALL = 1200 /* pages of a small static program and its C library */ };
static long page;

struct resident { long statm, shared, stat, rss, anon, file, shmem, peak; };

static char text[8192];
static long field(const char *key)
{
    char *at = strstr(text, key);
    return at ? strtol(at + strlen(key), NULL, 10) * 1024 / page : -1;
}

static void slurp(pid_t pid, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    CHECK(n > 0);
    text[n < 0 ? 0 : n] = 0;
    close(fd);
}

static struct resident look(pid_t pid)
{
    struct resident r;
    slurp(pid, "statm");
    CHECK(sscanf(text, "%*d %ld %ld", &r.statm, &r.shared) == 2);
    slurp(pid, "stat");
    char *at = strrchr(text, ')');
    for (int i = 2; i < 24; i++)
        at = strchr(at + 1, ' ');
    r.stat = strtol(at, NULL, 10);
    slurp(pid, "status");
    r.rss = field("\nVmRSS:");
    r.anon = field("\nRssAnon:");
    r.file = field("\nRssFile:");
    r.shmem = field("\nRssShmem:");
    r.peak = field("\nVmHWM:");
    return r;
}

/* The kernel counts in batches, so that numbers are a little late. */
static int near(long value, long wanted) { return value >= wanted - 130 && value <= wanted + 130; }

static void agree(const char *what, struct resident r)
{
    printf("%s: one number %d, parts %d, shared %d, peak %d\n", what, near(r.statm, r.rss) && near(r.stat, r.rss), near(r.anon + r.file + r.shmem, r.rss), near(r.shared, r.file + r.shmem), r.peak >= r.rss - 130);
}

static void changes(const char *what, struct resident a, struct resident b, long anon, long shmem)
{
    printf("%s: anonymous %s, shared %s, all %s\n", what, near(b.anon - a.anon, anon) ? "fine" : "wrong", near(b.shmem - a.shmem, shmem) ? "fine" : "wrong",
        near(b.rss - a.rss, anon + shmem) ? "fine" : "wrong");
    if (!near(b.rss - a.rss, anon + shmem))
        fprintf(stderr, "%s: %ld anonymous, %ld shared, %ld\n", what, b.anon - a.anon, b.shmem - a.shmem, b.rss - a.rss);
}

static void watch(const char *who, pid_t pid, int go, int done)
{
    char c = 0;
    struct resident before, touched, shared, dropped;
    (void)!read(done, &c, 1);
    before = look(pid);
    agree(who, before);
    printf("small %d\n", before.rss < SMALL);
    if (before.rss >= SMALL)
        fprintf(stderr, "%s has %ld pages\n", who, before.rss);
    (void)!write(go, &c, 1), (void)!read(done, &c, 1);
    touched = look(pid);
    changes("touched", before, touched, PAGES, 0);
    (void)!write(go, &c, 1), (void)!read(done, &c, 1);
    shared = look(pid);
    changes("shared", touched, shared, 0, PAGES / 2);
    (void)!write(go, &c, 1), (void)!read(done, &c, 1);
    dropped = look(pid);
    changes("dropped", shared, dropped, -PAGES / 2, -PAGES / 2);
    agree("then", dropped);
    (void)!write(go, &c, 1);
}

static void live(int go, int done)
{
    char c = 0;
    (void)!write(done, &c, 1), (void)!read(go, &c, 1);
    char *m = mmap(NULL, 4 * PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    madvise(m, 4 * PAGES * page, MADV_NOHUGEPAGE);
    for (int i = 0; i < PAGES; i++)
        m[i * 3 * page] = 1;
    for (int i = 0; i < PAGES; i++)
        (void)((volatile char *)m)[i * 3 * page + page]; /* the page of zeroes counts nowhere */
    (void)!write(done, &c, 1), (void)!read(go, &c, 1);
    char *s = mmap(NULL, PAGES / 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    memset(s, 1, PAGES / 2 * page);
    (void)!write(done, &c, 1), (void)!read(go, &c, 1);
    madvise(m, 3 * PAGES / 2 * page, MADV_DONTNEED);
    munmap(s, PAGES / 2 * page);
    (void)!write(done, &c, 1), (void)!read(go, &c, 1);
    _exit(0);
}

int main(void)
{
    int go[2], done[2], status;
    page = sysconf(_SC_PAGESIZE);
    CHECK(pipe(go) == 0 && pipe(done) == 0);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        live(go[0], done[1]);
    watch("its parent's word", pid, go[1], done[0]);
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    struct resident self = look(getpid());
    agree("its own word", self);
    printf("small %d\n", self.rss < SMALL);
    return guest_done();
}
