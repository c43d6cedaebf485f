// also: i386 ppc
// cc: -O1 -rdynamic -ldl -lm
// Loading libraries at run time: libm by name, symbols and calls, the same again after closing, a library that does not exist, calls back into the program.
#include "guest.h"
#include <dlfcn.h>
#include <math.h>

int exported(int x) { return x * 2; }

static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

int main(void)
{
    for (int i = 0; i < 5; i++) {
        void *m = dlopen("libm.so.6", RTLD_NOW);
        CHECK(m != NULL);
        double (*f)(double) = (double (*)(double))dlsym(m, "cos");
        CHECK(f && fabs(f(0.5) - 0.8775825618903728) < 1e-15);
        void *z = dlopen("libutil.so.1", RTLD_LAZY | RTLD_LOCAL);
        if (z)
            dlclose(z);
        dlclose(m);
    }
    void *self = dlopen(NULL, RTLD_NOW);
    int (*e)(int) = (int (*)(int))dlsym(self, "exported");
    CHECK(e && e(21) == 42);
    void (*sort)(void *, size_t, size_t, int (*)(const void *, const void *)) = (void (*)(void *, size_t, size_t, int (*)(const void *, const void *)))dlsym(RTLD_DEFAULT, "qsort");
    int numbers[] = { 5, 3, 9, 1, 7 };
    sort(numbers, 5, sizeof(int), compare);
    printf("%d %d %d %d %d\n", numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]);
    CHECK(dlopen("libdoes-not-exist.so", RTLD_NOW) == NULL && dlerror() != NULL);
    Dl_info info;
    CHECK(dladdr((void *)exported, &info) && strcmp(info.dli_sname, "exported") == 0);
    return guest_done();
}
