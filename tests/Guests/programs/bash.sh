# needs: bash cat tr
# Pipelines, here documents, arrays, arithmetic, functions, traps, process substitution, background jobs, exit statuses.
set -u
echo {1..20} | tr ' ' '\n' | while read -r n; do echo $((n * n)); done | tail -5
f() { local x=$1; if ((x < 2)); then echo 1; else echo $((x * $(f $((x - 1))))); fi; }
f 10
declare -A map=([one]=1 [two]=2); for k in one two; do echo "$k=${map[$k]}"; done
a=(c b a); printf '%s\n' "${a[@]}" | sort | paste -sd,
cat <<END
here ${#a[@]} $(echo nested $(echo deeper))
END
diff <(seq 1 5) <(seq 2 6)
echo "diff said $?"
(exit 3); echo "subshell $?"
for i in 1 2 3 4; do (sleep 0.0$i; exit $i) & done
for job in $(jobs -p); do wait "$job"; echo "job $?"; done
trap 'echo got usr1' USR1; kill -USR1 $$; trap - USR1
(kill -TERM $BASHPID) 2>/dev/null; echo "term $?"
trap 'echo leaving' EXIT
s=0; for ((i = 0; i < 20000; i++)); do ((s += i)); done; echo $s
printf '%05d %x %s\n' 42 255 "$(printf 'abc' | tr a-z A-Z)"
[[ "hello world" =~ ^h(.*)d$ ]] && echo "${BASH_REMATCH[1]}"
read -t 1 -r line <<< "from a string"; echo "$line"
coproc cat; echo "through a coprocess" >&"${COPROC[1]}"; read -r line <&"${COPROC[0]}"; echo "$line"
exit 7
