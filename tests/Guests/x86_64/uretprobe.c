// cc: -O1
// uretprobe(2) called by a program itself, which only the kernel's trampoline may: SIGILL, then EPERM where a handler returns. Linux before 6.11 has no such call.
#include "guest.h"
#include <sys/utsname.h>

static volatile int seen, code;

static void handler(int sig, siginfo_t *info, void *context)
{
    (void)context;
    (seen = sig, code = info->si_code);
}

int main(void)
{
    struct utsname name;
    int major = 0, minor = 0;
    CHECK(uname(&name) == 0 && sscanf(name.release, "%d.%d", &major, &minor) == 2);
    if (major > 6 || (major == 6 && minor >= 11)) {
        guest_handle(SIGILL, handler, 0);
        FAILS(syscall(335), EPERM);
        EQ(seen, SIGILL);
        EQ(code, SI_KERNEL);
    }
    return guest_done();
}
