// Calls and returns (fib), indirect calls through a table, returns to many places, a mutually recursive walk.
#include "kernel.h"

static __attribute__((noinline, optimize("no-optimize-sibling-calls"))) uint64_t fib_of(uint64_t n)
{
    if (n < 2)
        return n;
    uint64_t a = fib_of(n - 1);
    __asm__ volatile("" : "+r"(a));
    return a + fib_of(n - 2);
}

static uint64_t fib(void) { return fib_of(37); }

#define TARGET(n) static __attribute__((noinline)) uint64_t target##n(uint64_t x) { return x * (2 * n + 3) + n; }
TARGET(0) TARGET(1) TARGET(2) TARGET(3) TARGET(4) TARGET(5) TARGET(6) TARGET(7)
static uint64_t (*const volatile targets[])(uint64_t) = { target0, target1, target2, target3, target4, target5, target6, target7 };

static uint64_t indirect(void)
{
    uint64_t x = 1;
    for (int i = 0; i < 40000000; i++)
        x = targets[i & 7](x);
    return x;
}

static uint64_t random_indirect(void)
{
    uint64_t x = 1, s = 4711;
    for (int i = 0; i < 8000000; i++)
        x = targets[next_random(&s) & 7](x);
    return x;
}

struct node { struct node *left, *right; uint64_t value; };

static struct node *grow(int depth, uint64_t *s)
{
    if (depth == 0)
        return NULL;
    struct node *n = malloc(sizeof *n);
    n->value = next_random(s);
    n->left = grow(depth - 1, s);
    n->right = grow(depth - 1, s);
    return n;
}

static __attribute__((noinline)) uint64_t walk(const struct node *n)
{
    return n == NULL ? 1 : walk(n->left) * 3 + (n->value & 15) + walk(n->right) * 5;
}

static uint64_t tree(void)
{
    uint64_t s = 7, h = 0;
    struct node *root = grow(16, &s);
    for (int i = 0; i < 320; i++)
        h += walk(root);
    return h;
}

int main(int argc, char **argv)
{
    static const struct kernel kernels[] = { { "fib", fib }, { "indirect", indirect }, { "random-indirect", random_indirect }, { "tree", tree }, { 0 } };
    return run_kernel(kernels, argc, argv);
}
