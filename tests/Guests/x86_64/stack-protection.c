// also: i386 ppc
// cc: -O1
// mprotect with PROT_GROWSDOWN, as the dynamic linker makes the stack executable when a library asks for that (GHC's do): the change begins where the stack does, however
// far below the given page, and only mappings that grow downwards may be asked. The emulator's own mapping of a guest's stack is no growing one.
#include "guest.h"

/* Protection of the mapping that holds an address, as maps shows it. */
static const char *protection(const void *p)
{
    static char results[4][5], text[65536];
    static int calls;
    char *found = results[calls++ % 4];
    int fd = open("/proc/self/maps", O_RDONLY);
    size_t n = 0;
    for (ssize_t r; (r = read(fd, text + n, sizeof text - 1 - n)) > 0; )
        n += r;
    close(fd);
    text[n] = 0;
    for (char *line = text; *line; line = strchr(line, '\n') + 1) {
        unsigned long from, to;
        if (sscanf(line, "%lx-%lx %4s", &from, &to, found) == 3 && (unsigned long)p >= from && (unsigned long)p < to)
            return found;
    }
    return "none";
}

/* So that pages below exist. */
static __attribute__((noinline)) void grow(void)
{
    volatile char deep[64 * 1024];
    memset((char *)deep, 1, sizeof deep);
}

int main(void)
{
    const int growing = PROT_GROWSDOWN, all = PROT_READ | PROT_WRITE | PROT_EXEC;
    long size = sysconf(_SC_PAGESIZE);
    char here, *page = (char *)((uintptr_t)&here & -size), *below = page - 4 * size;
    grow();
    CHECK(mprotect(page, size, PROT_READ | PROT_WRITE | growing) == 0);
    printf("%s %s\n", protection(page), protection(below));
    CHECK(mprotect(page, size, all | growing) == 0);
    printf("%s %s\n", protection(page), protection(below));
    FAILS(mprotect(page, size, all | growing | PROT_GROWSUP), EINVAL);

    char *plain = mmap(NULL, 4 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(plain != MAP_FAILED);
    FAILS(mprotect(plain, size, PROT_READ | growing), EINVAL);
    printf("%s\n", protection(plain));

    char *other = mmap(NULL, 16 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0);
    CHECK(other != MAP_FAILED);
    CHECK(mprotect(other + 8 * size, size, PROT_READ | growing) == 0);
    printf("%s %s %s\n", protection(other), protection(other + 8 * size), protection(other + 9 * size));
    return guest_done();
}
