#!/usr/bin/env bash
# Sets up, builds, and runs.
#
#   ./run.sh                            real programs of this machine, natively and under qemu-x86_64: outputs compared, times shown
#   ./run.sh TOOL ARGS...               that tool with these arguments: ./run.sh qemu-x86_64 /bin/ls -l

. "$(dirname -- "${BASH_SOURCE[0]}")/build.sh"

TOOL=qemu-x86_64
LIMIT=120 # seconds one job may take

# job TITLE NEEDED-COMMANDS SCRIPT: adds one job. The script runs in an empty folder under sh; its output must be the same each time.
TITLES=() NEEDS=() SCRIPTS=()
job() { TITLES+=("$1") NEEDS+=("$2") SCRIPTS+=("$3"); }

list_jobs() {
    job "true" "true" 'exec true'
    job "ls -l /usr/bin" "ls" 'exec ls -l /usr/bin'
    job "pipeline: find sort uniq wc" "find sed sort uniq wc" 'find /usr/share/doc /usr/include -type f | sed "s/.*\.//" | sort | uniq -c | sort -rn | head -n 20; echo "$(seq 200000 | wc -l) lines"'
    job "awk sums 400,000 lines" "awk seq" 'seq 400000 | awk "{ s += \$1 * 3; if (\$1 % 7 == 0) n++ } END { print s, n }"'
    job "shell loop, 200 forks" "expr" 'i=0; while [ $i -lt 200 ]; do i=$(expr $i + 1); done; echo $i'
    job "sha256sum of 64 MB" "sha256sum head" 'head -c 67108864 /dev/zero | sha256sum'
    job "tar | gzip | gunzip | tar" "tar gzip gunzip" 'tar -C /usr/include -cf - . | gzip -6 | gunzip | tar -tf - | sort | tail -n 5'
    job "bc: 800 digits of pi" "bc" 'echo "scale=800; 4*a(1)" | BC_LINE_LENGTH=70 bc -l'
    job "python3: start" "python3" 'python3 -c pass'
    job "python3: json, dict, sort" "python3" 'exec python3 -c "
import json, hashlib
rows = [{\"id\": i, \"name\": str(i * 7919 % 10007), \"x\": i ** 0.5} for i in range(60000)]
rows.sort(key=lambda r: (r[\"name\"], r[\"id\"]))
text = json.dumps(rows)
print(len(text), hashlib.sha256(text.encode()).hexdigest(), len(json.loads(text)))"'
    job "perl: regular expressions" "perl" 'exec perl -e "my \$n = 0; for my \$i (1..300000) { \$n++ if (\"key\$i=value\" =~ /^key(\d+)5=(\w+)\$/) } print qq(\$n\n)"'
    job "gcc -O2: compile, link, run" "gcc" 'cat >p.c <<END
#include <stdio.h>
#include <math.h>
int main(void) { double s = 0; for (int i = 1; i < 20000000; i++) s += 1.0 / i; printf("%.9f\n", s); return 0; }
END
gcc -O2 p.c -o p -lm && ./p && sha256sum <p'
    job "git: init, commit, log" "git seq" 'export HOME=$PWD GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
export GIT_AUTHOR_DATE=2020-01-01T00:00:00Z GIT_COMMITTER_DATE=2020-01-01T00:00:00Z
git -c init.defaultBranch=main init -q r && cd r && seq 50000 >f && git add f && git commit -q -m one && seq 50001 >f && git commit -q -a -m two && git log --stat --format=%H | cat'
    job "node: a JIT inside" "node" 'exec node -e "let s = 0; for (let i = 0; i < 3e7; i++) s = (s * 31 + i) | 0; console.log(s)"'
    job "a failing command's status" "sh" 'ls /nonexistent-path; exit 42'
}

available() {
    local command
    for command in $1; do command -v "$command" >/dev/null || { printf '%s' "$command"; return 1; }; done
}

# timed RESULT COMMAND...: runs it in an empty folder, each time the same path; leaves out, err and status in folder RESULT, milliseconds in MS.
timed() {
    local result=$1 work begin end
    work="$(dirname "$result")/work"
    shift
    rm -rf "$work" "$result"
    mkdir "$work" "$result"
    begin=${EPOCHREALTIME/[.,]/}
    (cd "$work" && exec timeout -k 5 "$LIMIT" "$@" </dev/null >"$result/out" 2>"$result/err")
    echo $? >"$result/status"
    end=${EPOCHREALTIME/[.,]/}
    MS=$(((end - begin) / 1000))
}

# differs A B: says what differs between two runs; nothing when equal.
differs() {
    local what
    for what in status out err; do cmp -s "$1/$what" "$2/$what" || { printf '%s' "$what"; return; }; done
}

show_difference() {
    case $3 in
        status) say "    exit status $(cat "$1/status") natively, $(cat "$2/status") emulated"; head -n 5 "$2/err" | sed 's/^/    /' >&2 ;;
        *) diff "$1/$3" "$2/$3" 2>&1 | head -n 8 | sed 's/^/    /' >&2 ;;
    esac
}

main_job() {
    local i lack what ratio verdict same=0 wrong=0 skipped=0 native emulated dir
    export LC_ALL=C TZ=UTC
    dir=$(mktemp -d) || die "cannot make a temporary folder"
    trap "rm -rf '$dir'" EXIT
    list_jobs
    printf '%s: programs of this machine, natively and under out/bin/%s (times in ms)\n\n' "$(uname -sm)" "$TOOL"
    printf '%-30s %9s %9s %7s  %s\n' program native emulated ratio result
    for i in "${!TITLES[@]}"; do
        if ! lack=$(available "${NEEDS[i]}"); then
            printf '%-30s %9s %9s %7s  %s\n' "${TITLES[i]}" - - - "skipped: no $lack here"
            skipped=$((skipped + 1))
            continue
        fi
        timed "$dir/native" /bin/sh -c "${SCRIPTS[i]}" # Not counted: fills the file cache, for the benefit of both.
        timed "$dir/native" /bin/sh -c "${SCRIPTS[i]}"
        native=$MS
        timed "$dir/emulated" "$BIN/$TOOL" /bin/sh -c "${SCRIPTS[i]}"
        emulated=$MS
        what=$(differs "$dir/native" "$dir/emulated")
        if [ -z "$what" ]; then verdict=same; same=$((same + 1)); else verdict="DIFFERS ($what)"; wrong=$((wrong + 1)); fi
        ratio=$((emulated * 100 / (native > 0 ? native : 1)))
        printf '%-30s %9d %9d %4d.%02d  %s\n' "${TITLES[i]}" "$native" "$emulated" $((ratio / 100)) $((ratio % 100)) "$verdict"
        [ -z "$what" ] || show_difference "$dir/native" "$dir/emulated" "$what"
    done
    printf '\n%d the same, %d different, %d skipped\n' "$same" "$wrong" "$skipped"
    [ "$wrong" = 0 ]
}

case ${1:-} in
    -h | --help | -help)
        sed -n '2,6s/^# \{0,1\}//p' "$ROOT/run.sh"
        exit 0 ;;
esac

build
if [ $# = 0 ]; then
    main_job
    exit
fi
TOOL=$1
shift
[ -x "$BIN/$TOOL" ] || die "no tool named '$TOOL'; there are: $(all_tools | tr '\n' ' ')"
exec "$BIN/$TOOL" "$@"
