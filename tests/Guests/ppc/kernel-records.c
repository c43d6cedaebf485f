// cc: -O1 -w -D_GNU_SOURCE -static
// The same as for i386: structures, numbers and flags that the kernel and the program have to agree on.
#include "../i386/kernel-records.c"
