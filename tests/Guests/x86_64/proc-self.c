// cc: -O1
// /proc tells the guest's truth: exe, cmdline, maps with own code, stack and heap, stat, comm, auxv, environ, status, fd links, task list.
#include "guest.h"
#include <dirent.h>
#include <elf.h>
#include <limits.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

extern char **environ;
static int data_word = 3;

static size_t slurp(const char *path, char *buffer, size_t size)
{
    int fd = open(path, O_RDONLY);
    CHECK(fd >= 0);
    size_t n = 0;
    ssize_t r;
    while (fd >= 0 && (r = read(fd, buffer + n, size - 1 - n)) > 0)
        n += r;
    buffer[n] = 0;
    close(fd);
    return n;
}

int main(int argc, char **argv)
{
    static char text[1 << 18], exe[PATH_MAX], other[PATH_MAX], path[64];
    (void)argc;
    /* Inherited descriptors are not ours to count; an emulator's own must survive this. */
    CHECK(syscall(SYS_close_range, 3, ~0u, 0) == 0);
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    CHECK(n > 0);
    exe[n] = 0;
    CHECK(realpath(argv[0], other) && strcmp(other, exe) == 0);
    snprintf(path, sizeof path, "/proc/%d/exe", getpid());
    n = readlink(path, other, sizeof other - 1);
    other[n] = 0;
    CHECK(strcmp(other, exe) == 0);
    EQ(readlink("/proc/self/exe", other, 3), 3);
    n = readlinkat(AT_FDCWD, "/proc/self/exe", other, sizeof other - 1);
    other[n] = 0;
    CHECK(strcmp(other, exe) == 0);
    int fd = open("/proc/self/exe", O_RDONLY);
    char magic[4];
    CHECK(read(fd, magic, 4) == 4 && memcmp(magic, "\177ELF", 4) == 0);
    Elf64_Ehdr header;
    CHECK(pread(fd, &header, sizeof header, 0) == sizeof header);
    close(fd);

    slurp("/proc/self/cmdline", text, sizeof text);
    CHECK(strcmp(text, argv[0]) == 0);
    const char *base = strrchr(exe, '/') + 1;
    slurp("/proc/self/comm", text, sizeof text);
    text[strcspn(text, "\n")] = 0;
    CHECK(strncmp(text, base, 15) == 0);
    prctl(PR_SET_NAME, "renamed");
    slurp("/proc/self/comm", text, sizeof text);
    CHECK(strcmp(text, "renamed\n") == 0);
    char name[16];
    prctl(PR_GET_NAME, name);
    CHECK(strcmp(name, "renamed") == 0);

    char *heap = malloc(100);
    slurp("/proc/self/maps", text, sizeof text);
    int code_ok = 0, data_ok = 0, stack_ok = 0, heap_ok = 0, local, bad_lines = 0;
    unsigned long last = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        unsigned long from, to, offset;
        char perm[5], file[PATH_MAX] = "";
        if (sscanf(line, "%lx-%lx %4s %lx %*s %*s %s", &from, &to, perm, &offset, file) < 4 || from < last || to <= from)
            bad_lines++;
        last = to;
        if ((unsigned long)main >= from && (unsigned long)main < to)
            code_ok = perm[2] == 'x' && perm[1] == '-' && strcmp(file, exe) == 0;
        if ((unsigned long)&data_word >= from && (unsigned long)&data_word < to)
            data_ok = perm[1] == 'w' && strcmp(file, exe) == 0;
        if ((unsigned long)&local >= from && (unsigned long)&local < to)
            stack_ok = strcmp(file, "[stack]") == 0;
        if ((unsigned long)heap >= from && (unsigned long)heap < to)
            heap_ok = strcmp(file, "[heap]") == 0;
    }
    printf("maps: code %d data %d stack %d heap %d bad lines %d\n", code_ok, data_ok, stack_ok, heap_ok, bad_lines);

    slurp("/proc/self/stat", text, sizeof text);
    int pid, ppid;
    char state;
    CHECK(sscanf(text, "%d (renamed) %c %d", &pid, &state, &ppid) == 3);
    EQ(pid, getpid());
    EQ(ppid, getppid());
    char *p = strrchr(text, ')') + 2;
    for (int i = 3; i < 28; i++)
        p = strchr(p, ' ') + 1;
    unsigned long stack_start = strtoul(p, NULL, 10);
    CHECK(stack_start > (unsigned long)&local && stack_start - (unsigned long)&local < 1 << 20);

    size_t bytes = slurp("/proc/self/auxv", text, sizeof text);
    Elf64_auxv_t *aux = (Elf64_auxv_t *)text;
    int compared = 0;
    for (size_t i = 0; i < bytes / sizeof *aux && aux[i].a_type; i++)
        if (aux[i].a_type == AT_ENTRY || aux[i].a_type == AT_PHDR || aux[i].a_type == AT_RANDOM || aux[i].a_type == AT_PAGESZ) {
            EQ(aux[i].a_un.a_val, getauxval(aux[i].a_type));
            compared++;
        }
    EQ(compared, 4);
    EQ(getauxval(AT_PAGESZ), 4096);
    EQ(getauxval(AT_PHNUM), header.e_phnum);
    EQ(getauxval(AT_ENTRY) & 0xfff, header.e_entry & 0xfff);
    EQ(getauxval(AT_UID), getuid());
    EQ(getauxval(AT_SECURE), 0);
    CHECK(strcmp((char *)getauxval(AT_PLATFORM), "x86_64") == 0);
    CHECK(strcmp((char *)getauxval(AT_EXECFN), argv[0]) == 0);
    CHECK(((Elf64_Phdr *)getauxval(AT_PHDR))->p_type == PT_PHDR);
    CHECK(getauxval(AT_CLKTCK) == 100 && getauxval(AT_SYSINFO_EHDR) != 0);

    bytes = slurp("/proc/self/environ", text, sizeof text);
    CHECK(bytes == 0 || strcmp(text, environ[0]) == 0);

    DIR *d = opendir("/proc/self/task");
    int tasks = 0;
    for (struct dirent *e; d && (e = readdir(d));)
        tasks += e->d_name[0] != '.';
    closedir(d);
    printf("tasks %d\n", tasks);
    d = opendir("/proc/self/fd");
    int fds = 0;
    for (struct dirent *e; d && (e = readdir(d));)
        fds += e->d_name[0] != '.';
    closedir(d);
    printf("descriptors %d\n", fds);

    char *m = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(m + 4096, 4096, PROT_READ);
    slurp("/proc/self/maps", text, sizeof text);
    char want[64];
    snprintf(want, sizeof want, "%lx-%lx r--p", (long)m + 4096, (long)m + 8192);
    CHECK(strstr(text, want) != NULL);
    return guest_done();
}
