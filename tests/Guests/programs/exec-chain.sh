# needs: sh env nice timeout xargs
# Programs that start programs: the emulator must follow, or this still works because the host ran them; /proc/self/exe is right either way.
env -i PATH="$PATH" A=1 sh -c 'echo $A; exec env B=2 sh -c "echo \$B; readlink /proc/self/exe | grep -c readlink"'
printf '#!/bin/sh\necho "script $0 $*" | sed s,.*/,,\n' > s; chmod 755 s; ./s one two; PATH=.:$PATH s three
printf '#!/usr/bin/env bash\necho "bash $((6 * 7))"\n' > t; chmod 755 t; ./t
timeout 5 nice -n 1 sh -c 'exit 12'; echo "status $?"; timeout -s KILL 0.05 sleep 5; echo "timeout $?"
seq 1 12 | xargs -n 3 echo; printf 'echo no shebang\n' > u; chmod 755 u; ./u; ./missing 2> /dev/null; echo "missing $?"; touch v; ./v 2> /dev/null; echo "not executable $?"
for i in $(seq 1 40); do /bin/true && /bin/echo -n "$i "; done; echo
