// also: i386 ppc
// cc: -O2
// exec stays emulated: the program runs itself again through execve, execvp, execveat, fexecve, posix_spawn, vfork and a script;
// each copy checks argv, environment and /proc/self/exe and hands its findings back as an exit status. Errors are reported where the kernel reports them.
#include "guest.h"
#include <spawn.h>
#include <sys/stat.h>

static char self[4096];
extern char **environ;

static int child(int argc, char **argv)
{
    char exe[4096];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (n < 0)
        return 90;
    exe[n] = 0;
    const char *mark = getenv("MARK");
    if (!mark || strcmp(mark, "seen"))
        return 91;
    if (strcmp(exe, getenv("SELF")) != 0)
        return 92;
    FILE *f = fopen("/proc/self/cmdline", "r");
    char line[8192];
    size_t got = f ? fread(line, 1, sizeof line, f) : 0;
    if (f)
        fclose(f);
    if (got == 0 || strcmp(line, argv[0]) != 0)
        return 93;
    int depth = argc > 2 ? atoi(argv[2]) : 0;
    if (depth > 0) {
        char next[16];
        snprintf(next, sizeof next, "%d", depth - 1);
        char *args[] = { argv[0], "child", next, NULL };
        execv(self, args);
        return 94;
    }
    return 40 + argc;
}

static int run(const char *what, pid_t pid)
{
    int status = guest_wait(pid);
    printf("%-12s %s %d\n", what, WIFEXITED(status) ? "exit" : "signal", WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    return status;
}

static void script(const char *name, const char *text)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0700);
    CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

int main(int argc, char **argv)
{
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n] = 0;
    if (argc > 1 && strcmp(argv[1], "child") == 0)
        return child(argc, argv);
    setenv("MARK", "seen", 1);
    setenv("SELF", self, 1);
    char *args[] = { "any name", "child", "0", NULL };
    char *chain[] = { "chained", "child", "5", NULL };
    pid_t pid;

    fflush(stdout);
    if ((pid = fork()) == 0) {
        execv(self, args);
        _exit(1);
    }
    run("execv", pid);
    if ((pid = fork()) == 0) {
        execv(self, chain);
        _exit(1);
    }
    run("chain", pid);
    if ((pid = vfork()) == 0) {
        execve(self, args, environ);
        _exit(1);
    }
    run("vfork", pid);
    if ((pid = vfork()) == 0) {
        execve("/no/such/program", args, environ);
        _exit(errno == ENOENT ? 55 : 56);
    }
    run("vfork fails", pid);
    int fd = open(self, O_RDONLY);
    if ((pid = fork()) == 0) {
        fexecve(fd, args, environ);
        _exit(1);
    }
    run("fexecve", pid);
    if ((pid = fork()) == 0) {
        syscall(SYS_execveat, AT_FDCWD, self, args, environ, 0);
        _exit(1);
    }
    run("execveat", pid);
    if ((pid = fork()) == 0) {
        syscall(SYS_execve, "/proc/self/exe", args, environ);
        _exit(1);
    }
    run("proc exe", pid);

    CHECK(posix_spawn(&pid, self, NULL, NULL, args, environ) == 0);
    run("spawn", pid);
    EQ(posix_spawn(&pid, "/no/such/program", NULL, NULL, args, environ), ENOENT);
    EQ(posix_spawn(&pid, "/", NULL, NULL, args, environ), EACCES);
    EQ(posix_spawnp(&pid, "no-such-program-anywhere", NULL, NULL, args, environ), ENOENT);
    script("noexec", "#!/bin/sh\n");
    chmod("noexec", 0600);
    EQ(posix_spawn(&pid, "noexec", NULL, NULL, args, environ), EACCES);
    script("garbage", "\x7f" "ELF garbage");
    EQ(posix_spawn(&pid, "garbage", NULL, NULL, args, environ), ENOEXEC);
    script("badinterp", "#!/no/such/interpreter\n");
    EQ(posix_spawn(&pid, "badinterp", NULL, NULL, args, environ), ENOENT);
    FAILS(execve("garbage/x", args, environ), ENOTDIR);
    FAILS(syscall(SYS_execve, (char *)16, args, environ), EFAULT);
    FAILS(syscall(SYS_execve, self, (char **)16, environ), EFAULT);

    script("script", "#!/bin/sh\necho \"script: $# args: $1 $2\"\nexit 23\n");
    char *sargs[] = { "ignored", "one", "two words", NULL };
    EQ(posix_spawn(&pid, "./script", NULL, NULL, sargs, environ), 0);
    run("script", pid);
    char text[8192];
    snprintf(text, sizeof text, "#! %s child\n", self);
    script("script2", text);
    char *none[] = { "x", NULL };
    if (strlen(self) < 240) {
        EQ(posix_spawn(&pid, "./script2", NULL, NULL, none, environ), 0);
        run("self script", pid);
    }
    script("script3", "#!./script\n");
    EQ(posix_spawn(&pid, "./script3", NULL, NULL, none, environ), 0);
    run("nested", pid);
    unlink("noexec");
    unlink("garbage");
    unlink("badinterp");
    unlink("script");
    unlink("script2");
    unlink("script3");

    close(fd);
    return guest_done();
}
