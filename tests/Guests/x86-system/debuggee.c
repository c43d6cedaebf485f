// A multiboot kernel for a debugger: counts, says so on port E9h, and ends the machine through port F4h.
struct point { int x, y; };

__attribute__((section(".multiboot"), used)) static const unsigned header[] = { 0x1BADB002, 0, -0x1BADB002u };
static char stack[4096] __attribute__((used, aligned(16)));

volatile int counter;
volatile struct point place = { 3, 4 };

static inline void out(unsigned short port, unsigned char value) { asm volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }

static void say(const char *text)
{
    while (*text)
        out(0xE9, *text++);
}

__attribute__((noinline)) void tick(int by)
{
    counter += by;
    place.y -= by;
}

__attribute__((noinline)) static int rounds(int n)
{
    for (int i = 1; i <= n; i++)
        tick(i);
    return counter;
}

__attribute__((used)) static void kernel(void)
{
    int sum = rounds(4);
    say(sum == 10 ? "sum 10\n" : "another sum\n");
    out(0xF4, place.x);
    for (;;)
        asm volatile("hlt");
}

__attribute__((naked)) void _start(void)
{
    asm("mov $stack + 4096, %esp\n\tcall kernel");
}
