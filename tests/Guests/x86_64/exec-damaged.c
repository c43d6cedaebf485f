// also: i386 ppc
// cc: -O1
// execve of damaged programs: what the kernel finds while the caller is still there is an errno (shells then try the next place or read a script, spawn functions report it),
// what it finds later kills. Emulators that read the file only in the new process end it with a message and a status of their own.
#include "guest.h"
#include <elf.h>
#include <limits.h>
#include <link.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/stat.h>

static char program[PATH_MAX];
static char image[8 << 20];
static size_t size;
static ElfW(Ehdr) *header = (void *)image;

static ElfW(Phdr) *segment(unsigned type)
{
    ElfW(Phdr) *p = (void *)(image + header->e_phoff);
    for (int i = 0; i < header->e_phnum; i++)
        if (p[i].p_type == type)
            return p + i;
    return NULL;
}

static void load(void)
{
    int fd = open(program, O_RDONLY);
    size = 0;
    for (ssize_t n; (n = read(fd, image + size, sizeof image - size)) > 0; )
        size += n;
    CHECK(size > 4096);
    close(fd);
}

/* Executes what stands in image: the errno of execve, or how the process ended. */
static void run(const char *what, size_t bytes)
{
    char *argv[] = { "damaged", "child", NULL }, *envp[] = { NULL };
    int fd = open("damaged", O_CREAT | O_TRUNC | O_WRONLY, 0755), error = 0, p[2];
    CHECK(fd >= 0 && write(fd, image, bytes) == (ssize_t)bytes);
    close(fd);
    CHECK(pipe2(p, O_CLOEXEC) == 0);
    fflush(stdout);
    int pid = fork();
    if (pid == 0) {
        struct rlimit none = { 0, 0 };
        setrlimit(RLIMIT_CORE, &none);
        close(2); /* the emulator may say what is wrong */
        execve("damaged", argv, envp);
        error = errno;
        _exit(write(p[1], &error, sizeof error) == sizeof error ? 90 : 91);
    }
    close(p[1]);
    if (read(p[0], &error, sizeof error) != sizeof error)
        error = 0;
    close(p[0]);
    int status = guest_wait(pid);
    if (error != 0)
        printf("%s: errno %d\n", what, error);
    else if (WIFSIGNALED(status))
        printf("%s: signal %d\n", what, WTERMSIG(status));
    else
        printf("%s: status %d\n", what, WEXITSTATUS(status));
    load();
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return 7;
    char folder[] = "exec-damaged.XXXXXX";
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    CHECK(n > 0 && mkdtemp(folder) && chdir(folder) == 0);
    load();
    run("sound", size);
    run("half a header", 40);
    header->e_phnum = 0;
    run("no program headers", size);
    header->e_phentsize++;
    run("program headers of another size", size);
    header->e_phoff = size + 1;
    run("program headers beyond the end", size);
    header->e_type = ET_REL;
    run("an object", size);

    char *interpreter = image + segment(PT_INTERP)->p_offset;
    strcpy(interpreter, "/no/such");
    run("missing interpreter", size);
    strcpy(interpreter, "/");
    run("directory as interpreter", size);
    strcpy(interpreter, "/etc/passwd");
    run("interpreter that may not be executed", size);
    strcpy(interpreter, "script");
    fclose(fopen("script", "w"));
    chmod("script", 0755);
    run("empty interpreter", size);
    segment(PT_INTERP)->p_filesz = 1;
    run("interpreter without a name", size);
    segment(PT_INTERP)->p_filesz--;
    run("interpreter name without its end", size);
    segment(PT_INTERP)->p_offset = size;
    run("interpreter name beyond the end", size);

    segment(PT_LOAD)->p_filesz = segment(PT_LOAD)->p_memsz + 1;
    run("more in the file than in memory", size);
    segment(PT_LOAD)->p_memsz = (unsigned long)-4096;
    run("larger than memory", size);

    /* Through a spawn function, whose caller sees the errno although another process failed. */
    char *child[] = { "damaged", NULL }, *none[] = { NULL };
    int pid, fd = open("damaged", O_TRUNC | O_WRONLY);
    strcpy(interpreter, "/no/such");
    CHECK(write(fd, image, size) == (ssize_t)size);
    close(fd);
    EQ(posix_spawn(&pid, "./damaged", NULL, NULL, child, none), ENOENT);
    unlink("damaged");
    unlink("script");
    CHECK(chdir("..") == 0 && rmdir(folder) == 0);
    return guest_done();
}
