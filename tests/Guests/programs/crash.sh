# needs: gcc
# How crashes look to a shell.
printf 'int main(void) { *(volatile int *)0 = 1; }' > c.c; gcc -o c c.c; ./c 2> /dev/null; echo "segv $?"
printf '#include <stdlib.h>\nint main(void) { abort(); }' > d.c; gcc -o d d.c; ./d 2> /dev/null; echo "abort $?"
printf 'int main(void) { __builtin_trap(); }' > e.c; gcc -o e e.c; ./e 2> /dev/null; echo "ill $?"
