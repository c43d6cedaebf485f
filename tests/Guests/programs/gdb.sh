# needs: bash gdb gcc sed grep
# gdb of the target, itself emulated, debugs a program: breakpoints, steps, backtraces, threads, variables changed, watchpoints in software and hardware, breakpoints in debug registers, forks, attaching.
set -u
cat >p.c <<'END'
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/wait.h>
int counter;
int add(int a, int b)
{
    counter += a;
    return a + b;
}
static void *work(void *p)
{
    for (int i = 0; i < 3; i++)
        add(i, 1);
    return p;
}
int main(int argc, char **argv)
{
    int sum = 0;
    pthread_t t;
    for (int i = 0; i < 3; i++)
        sum += add(i, 2);
    pthread_create(&t, NULL, work, NULL);
    pthread_join(t, NULL);
    if (fork() == 0)
        _exit(3);
    wait(NULL);
    printf("sum %d %d\n", sum, counter);
    if (argc > 1)
        for (;;)
            counter = (counter + 1) & 0xffff | 8;
    return 5;
}
END
gcc -g -O0 -o p p.c -lpthread || exit 1
clean() { grep -avE '^\[(New|Thread|Switching|LWP|Detaching)|^Using host|^warning|^$' | sed -E 's/0x[0-9a-f]+ in //; s/0x[0-9a-f]+/X/g; s/process [0-9]+/process N/; s/LWP [0-9]+/LWP N/'; }
gdb -batch -nx -ex 'break add' -ex run -ex bt -ex 'print a' -ex continue -ex finish -ex 'print counter' -ex 'set var counter = 100' -ex next -ex delete \
    -ex 'break work' -ex continue -ex 'bt 1' -ex next -ex next -ex step -ex 'print i' -ex delete -ex continue ./p </dev/null 2>/dev/null | clean
gdb -batch -nx -ex 'break main' -ex run -ex 'set can-use-hw-watchpoints 0' -ex 'watch sum' -ex 'stepi 20' -ex continue -ex kill ./p </dev/null 2>/dev/null | clean
gdb -batch -nx -ex 'break main' -ex run -ex 'watch counter' -ex 'rwatch sum' -ex continue -ex continue -ex continue -ex continue -ex kill ./p </dev/null 2>/dev/null | clean
gdb -batch -nx -ex 'break main' -ex run -ex 'hbreak add' -ex 'hbreak work' -ex 'print 1' -ex continue -ex 'print a' -ex continue -ex 'bt 1' -ex stepi -ex 'delete 2' -ex continue -ex 'info breakpoints' -ex delete -ex continue ./p </dev/null 2>/dev/null | clean
gdb -batch -nx -ex 'set follow-fork-mode child' -ex 'catch fork' -ex run -ex continue ./p </dev/null 2>/dev/null | clean | grep -a -e Inferior -e Catchpoint | sed 's/ at .*//'
./p forever >/dev/null & p=$!
sleep 0.5
gdb -batch -nx -p $p -ex 'print counter > 6' -ex 'bt 1' -ex 'set var counter = -1000000000' -ex detach </dev/null 2>/dev/null | clean | grep -aE '^\$|^#0|Inferior'
kill -0 $p && echo alive
kill $p
wait $p
echo "status $?"
