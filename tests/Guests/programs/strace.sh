# needs: bash strace sed sort grep cat
# strace of the target, itself emulated, traces programs: calls, signals, children, exec, statuses. What is printed does not depend on addresses or ids.
set -u
calls() { sed -E 's/^\[pid +[0-9]+\] //; s/^[0-9]+ +//' | grep -aoE '^[a-z_0-9]+\(|^\+\+\+ .*|^--- SIG[A-Z0-9]+' | grep -avE '^(brk|mmap|munmap|mprotect|rseq|arch_prctl|set_tid_address|set_robust_list|pread64|getrandom|prlimit64)\(' ; }
strace -o t cat /dev/null
calls <t
strace -f -o t bash -c 'cat /dev/null; (exit 3); kill -USR1 $$; echo not reached' 2>/dev/null
echo "status $?"
grep -aE '\+\+\+|--- SIGUSR1|execve\(' t | sed -E 's/^[0-9]+ +//; s/[0-9]+ vars/N vars/; s/0x[0-9a-f]+/X/; s/si_pid=[0-9]+/P/' | sort
strace -e trace=write -e inject=write:error=ENOSPC -o t bash -c 'echo hello' 2>/dev/null
echo "status $?"
grep -a 'write(1' t
strace -c -o t cat /dev/null
grep -c execve t
sleep 5 & p=$!
strace -p $p -o t & s=$!
for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.2; grep -q nanosleep t && break; done
kill $p; wait $s; echo "tracer $?"
grep -aoE '\+\+\+ killed.*' t
