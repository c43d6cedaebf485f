// also: i386 ppc
// cc: -O2
// Children that run code their parent never does, and code of their own making where the parent has other code: what siblings hand on must not show.
#include "guest.h"
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { CHILDREN = 60 };

static int (*volatile paths[4])(int);

static __attribute__((noinline)) int path0(int x) { return x * 3 + 1; }
static __attribute__((noinline)) int path1(int x) { return x ^ 0x55; }
static __attribute__((noinline)) int path2(int x) { return x < 10 ? x : path0(x - 1); }
static __attribute__((noinline)) int path3(int x) { return path1(x) + path2(x / 2); }

// A function that returns a small number, written to `at`.
static void make(unsigned char *at, int value)
{
#ifdef __powerpc__
    uint32_t code[] = { 0x38600000u | value, 0x4E800020u }; // li r3, value; blr
    memcpy(at, code, sizeof code);
#else
    unsigned char code[] = { 0xB8, value, 0, 0, 0, 0xC3 }; // mov eax, value; ret
    memcpy(at, code, sizeof code);
#endif
    __builtin___clear_cache((char *)at, (char *)at + 16);
}

static int call(unsigned char *code)
{
    int (*f)(void);
    memcpy(&f, &code, sizeof f);
    return f();
}

static void leave(int sig)
{
    (void)sig;
    _exit(99);
}

static int child(unsigned char *code, int i)
{
    int sum = paths[i & 3](i);
    for (int k = 0; k < 12; k++)
        sum += paths[(i + k) & 3](k);
    if (i & 1)
        make(code, 100 + (i & 63));
    sum += call(code);
    if (i % 10 == 3) { // a sibling's address, executable no more
        mprotect(code, 4096, PROT_READ);
        signal(SIGSEGV, leave);
        pid_t inner = fork();
        if (inner == 0)
            _exit(call(code));
        int status;
        waitpid(inner, &status, 0);
        sum += WIFEXITED(status) && WEXITSTATUS(status) == 99;
    }
    return sum & 127;
}

int main(void)
{
    paths[0] = path0, paths[1] = path1, paths[2] = path2, paths[3] = path3;
    unsigned char *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(code != MAP_FAILED);
    make(code, 42);
    for (int i = 0; i < CHILDREN; i++) {
        if (i == CHILDREN / 2)
            make(code, 43);
        if (i == CHILDREN - 10)
            CHECK(munmap(code, 4096) == 0 && mmap(code, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == code), make(code, 44);
        pid_t pid = fork();
        if (pid == 0)
            _exit(child(code, i));
        int status;
        EQ(waitpid(pid, &status, 0), pid);
        CHECK(WIFEXITED(status));
        printf("%d ", WEXITSTATUS(status));
        if (i % 20 == 19)
            EQ(call(code), i < CHILDREN / 2 ? 42 : i < CHILDREN - 10 ? 43 : 44);
    }
    printf("\n");
    return guest_done();
}
