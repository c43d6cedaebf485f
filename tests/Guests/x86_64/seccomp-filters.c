// also: i386 ppc
// cc: -O1 -pthread
// Seccomp filters of the program itself: every action, several at once, strict mode, threads, fork, exec, what the kernel refuses.
#include "guest.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>

#if defined __x86_64__
#define ARCH AUDIT_ARCH_X86_64
#elif defined __i386__
#define ARCH AUDIT_ARCH_I386
#else
#define ARCH AUDIT_ARCH_PPC
#endif
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LOW 4
#else
#define LOW 0
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)

static int load(const struct sock_filter *f, int n, unsigned flags, int by_prctl)
{
    struct sock_fprog p = { n, (struct sock_filter *)f };
    long r = by_prctl ? prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p, 0, 0) : syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &p);
    return r < 0 ? -errno : r;
}

/* One call gets an action, everything else is allowed, and another machine's calls would kill. */
static int install(int nr, unsigned action, unsigned flags)
{
    const struct sock_filter f[] = {
        LOAD(arch), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0), RETURN(SECCOMP_RET_KILL_PROCESS),
        LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1), RETURN(action), RETURN(SECCOMP_RET_ALLOW) };
    return load(f, sizeof f / sizeof *f, flags, flags == 0 && action % 2);
}

static void show(const char *what, long r)
{
    printf("%s %ld %s\n", what, r < 0 ? r : 0, r < 0 ? strerror(errno) : "");
    fflush(stdout);
}

static void on_sigsys(int sig, siginfo_t *i, void *uc)
{
    (void)sig; (void)uc;
    CHECK(i->si_code == 1 && i->si_syscall == SYS_getpid && i->si_arch == ARCH && i->si_call_addr != NULL);
    printf("sigsys errno %d\n", i->si_errno);
    fflush(stdout);
}

static volatile int go;
static void *waiting(void *p) { while (!go) usleep(100); show("thread", syscall(SYS_getppid)); return p; }
static void *killed(void *p) { syscall(SYS_getppid); printf("not reached\n"); return p; }

#define CHILD(name, body) do { \
        fflush(stdout); \
        pid_t p_ = fork(); \
        int s_; \
        if (p_ == 0) { prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); body; fflush(stdout); _exit(0); } \
        CHECK(waitpid(p_, &s_, 0) == p_); \
        printf("%s: %x\n", name, s_ & 0xff7f); \
    } while (0)

static void threads(void)
{
    pthread_t early, late;
    pthread_create(&early, NULL, waiting, NULL);
    install(SYS_getppid, SECCOMP_RET_KILL_THREAD, 0);
    pthread_create(&late, NULL, killed, NULL);
    usleep(50000);
    go = 1;
    pthread_join(early, NULL);
    printf("alive\n");
}

static void synchronised(void)
{
    pthread_t other;
    pthread_create(&other, NULL, waiting, NULL);
    usleep(10000);
    EQ(install(SYS_getppid, SECCOMP_RET_ERRNO | EBADF, SECCOMP_FILTER_FLAG_TSYNC), 0);
    go = 1;
    pthread_join(other, NULL);
}

/* An argument's low word decides, through X, scratch memory and arithmetic. */
static void arguments(void)
{
    const struct sock_filter f[] = {
        LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_dup, 1, 0), RETURN(SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0]) + LOW), BPF_STMT(BPF_ST, 3), BPF_STMT(BPF_LDX | BPF_MEM, 3),
        BPF_STMT(BPF_ALU | BPF_MUL | BPF_X, 0), BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 1), BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO),
        BPF_STMT(BPF_RET | BPF_A, 0) };
    EQ(load(f, sizeof f / sizeof *f, 0, 0), 0);
    show("dup 2", syscall(SYS_dup, 2));
    show("dup 4", syscall(SYS_dup, 4));
    show("close", syscall(SYS_close, 77));
}

static void refused(void)
{
    static const struct { struct sock_filter f[3]; int n; } bad[] = {
        { { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64), RETURN(0) }, 2 }, { { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), RETURN(0) }, 2 },
        { { BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), RETURN(0) }, 2 }, { { BPF_STMT(BPF_LD | BPF_IMM, 0) }, 1 },
        { { BPF_JUMP(BPF_JMP | BPF_JA, 1, 0, 0), RETURN(0) }, 2 }, { { BPF_STMT(BPF_LD | BPF_MEM, 3), RETURN(0) }, 2 },
        { { BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), RETURN(0) }, 2 }, { { BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 3), RETURN(0) }, 2 },
        { { BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32), RETURN(0) }, 2 }, { { { 0 } }, 0 } };
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
        EQ(load(bad[i].f, bad[i].n, 0, i % 2), -EINVAL);
    FAILS(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, (void *)16), EFAULT);
    FAILS(prctl(PR_SET_SECCOMP, 9, NULL), EINVAL);
    FAILS(syscall(SYS_seccomp, 77, 0, NULL), EINVAL);
    FAILS(syscall(SYS_seccomp, SECCOMP_SET_MODE_STRICT, 1, NULL), EINVAL);
    static const unsigned known[] = { SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO, SECCOMP_RET_TRACE,
        SECCOMP_RET_LOG, SECCOMP_RET_ALLOW };
    for (unsigned i = 0; i < sizeof known / sizeof *known; i++)
        EQ(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &known[i]), 0);
    unsigned odd = 0x12340000;
    FAILS(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &odd), EOPNOTSUPP);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        show("after exec", syscall(SYS_getppid));
        printf("mode %d\n", prctl(PR_GET_SECCOMP));
        return 0;
    }

    CHILD("errno", EQ(install(SYS_getppid, SECCOMP_RET_ERRNO | EEXIST, 0), 0); show("getppid", syscall(SYS_getppid)); EQ(prctl(PR_GET_SECCOMP), 2));
    CHILD("errno 0", install(SYS_getppid, SECCOMP_RET_ERRNO, 0); EQ(syscall(SYS_getppid), 0));
    CHILD("trap", struct sigaction s = { 0 }; s.sa_sigaction = on_sigsys; s.sa_flags = SA_SIGINFO; sigaction(SIGSYS, &s, NULL);
        install(SYS_getpid, SECCOMP_RET_TRAP | 33, 0); syscall(SYS_getpid));
    CHILD("trap by default", install(SYS_getppid, SECCOMP_RET_TRAP, 0); syscall(SYS_getppid));
    CHILD("kill", install(SYS_getppid, SECCOMP_RET_KILL_THREAD, 0); syscall(SYS_getppid));
    CHILD("kill process", install(SYS_getppid, SECCOMP_RET_KILL_PROCESS, 0); syscall(SYS_getppid));
    CHILD("kill a thread", threads());
    CHILD("trace without tracer", install(SYS_getppid, SECCOMP_RET_TRACE | 3, 0); show("getppid", syscall(SYS_getppid)));
    CHILD("log", install(SYS_getppid, SECCOMP_RET_LOG, SECCOMP_FILTER_FLAG_LOG); show("getppid", syscall(SYS_getppid)));
    CHILD("several", install(SYS_getppid, SECCOMP_RET_ERRNO | 1, 0); install(SYS_getppid, SECCOMP_RET_ERRNO | 2, 0);
        install(SYS_getppid, SECCOMP_RET_TRACE, 0); show("getppid", syscall(SYS_getppid)));
    CHILD("arguments", arguments());
    CHILD("strict", prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT); if (write(1, "still\n", 6)) syscall(SYS_exit, 3));
    CHILD("strict kills", prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT); if (write(1, "still\n", 6)) syscall(SYS_getpid));
    CHILD("all threads", synchronised());
    CHILD("exec", install(SYS_getppid, SECCOMP_RET_ERRNO | ENOMEM, 0); execl("/proc/self/exe", argv[0], "x", NULL));
    CHILD("fork", install(SYS_getppid, SECCOMP_RET_ERRNO | ENOMEM, 0); CHILD("inner", show("getppid", syscall(SYS_getppid))));
    refused();
    return guest_done();
}
