// also: i386 ppc
// cc: -O1
// What execve, execveat and writing to programs answer: text file busy both ways, bad directories and paths, links, order of the checks.
#include "guest.h"
#include <limits.h>
#include <sys/stat.h>

static char program[PATH_MAX], folder[] = "exec-errors.XXXXXX";

static int at(int dir, const char *path, int flags)
{
    char *argv[] = { "x", "child", NULL }, *envp[] = { NULL };
    return syscall(SYS_execveat, dir, path, argv, envp, flags);
}

static void copy(const char *from, const char *to)
{
    static char block[65536];
    int in = open(from, O_RDONLY), out = open(to, O_CREAT | O_TRUNC | O_WRONLY, 0755);
    ssize_t n;
    while ((n = read(in, block, sizeof block)) > 0)
        CHECK(write(out, block, n) == n);
    close(in);
    close(out);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        char byte;
        return read(0, &byte, 1) == 1 ? 0 : 1;
    }
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    CHECK(n > 0 && mkdtemp(folder) && chdir(folder) == 0);
    char *child[] = { "copy", "child", NULL }, *none[] = { NULL };

    copy(program, "copy");
    int writer = open("copy", O_WRONLY);
    CHECK(writer >= 0);
    FAILS(execve("copy", child, none), ETXTBSY);
    close(writer);

    int p[2];
    CHECK(pipe(p) == 0);
    int pid = fork();
    if (pid == 0) {
        dup2(p[0], 0);
        close(p[1]);
        execve("copy", child, none);
        _exit(3);
    }
    for (int i = 0; i < 500; i++) { /* until it runs */
        int fd = open("copy", O_WRONLY);
        if (fd < 0)
            break;
        close(fd);
        usleep(10000);
    }
    FAILS(open("copy", O_WRONLY), ETXTBSY);
    FAILS(open("copy", O_RDONLY | O_TRUNC), ETXTBSY);
    FAILS(creat("copy", 0755), ETXTBSY);
    FAILS(truncate("copy", 1), ETXTBSY);
    FAILS(open(program, O_RDWR), ETXTBSY);
    CHECK(write(p[1], "x", 1) == 1);
    EQ(guest_wait(pid), 0);
    writer = open("copy", O_WRONLY);
    CHECK(writer >= 0);
    close(writer);

    int dir = open(".", O_RDONLY), file = open("copy", O_RDONLY);
    FAILS(at(-1, "copy", 0), EBADF);
    FAILS(at(dir, "missing", 0), ENOENT);
    FAILS(at(dir, "", 0), ENOENT);
    FAILS(at(file, "copy", 0), ENOTDIR);
    FAILS(at(dir, "copy", -1), EINVAL);
    CHECK(symlink("copy", "link") == 0);
    FAILS(at(dir, "link", AT_SYMLINK_NOFOLLOW), ELOOP);
    FAILS(at(dir, "", AT_EMPTY_PATH), EACCES);
    FAILS(execve("missing", (char **)1, none), ENOENT); /* the file is looked at before the arguments */
    FAILS(execve("copy", (char **)1, none), EFAULT);
    FAILS(execve((char *)1, child, none), EFAULT);
    static char word[256 * 1024], *words[100];
    memset(word, 'w', sizeof word - 1); /* twice what a word may have */
    words[0] = word;
    FAILS(execve("copy", words, none), E2BIG);
    FAILS(execve("copy", child, words), E2BIG);
    for (int i = 0; i < 99; i++)
        words[i] = word + sizeof word - 128 * 1024; /* each may be, but not so many */
    FAILS(execve("copy", words, none), E2BIG);
    char longer[PATH_MAX + 2];
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = 0;
    FAILS(execve(longer, child, none), ENAMETOOLONG);
    CHECK(chmod("copy", 0644) == 0);
    FAILS(execve("copy", child, none), EACCES);
    CHECK(chmod("copy", 0755) == 0 && truncate("copy", 0) == 0);
    FAILS(execve("copy", child, none), ENOEXEC);

    unlink("copy");
    unlink("link");
    CHECK(chdir("..") == 0 && rmdir(folder) == 0);
    return guest_done();
}
