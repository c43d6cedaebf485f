// also: i386 ppc
// cc: -O2
// ends: signal 6
// An exception nobody catches ends in terminate and SIGABRT.
#include <cstdio>

int main()
{
    std::puts("throwing");
    std::fflush(stdout);
    throw 1;
}
