#!/usr/bin/env bash
# The system-call tests of the Linux Test Project, natively and under each tool, as the same unprivileged user; prints every test whose
# outcome differs. Slow (an hour or more), so not part of test.sh. Needs root, for namespaces and the change of user.
#
#   tests/ltp.sh --build                     fetch the sources if they are not there, build for all targets
#   tests/ltp.sh                             run what has no result yet, then report
#   tests/ltp.sh [OPTION...] PATTERN...      only tests whose name matches a shell pattern, such as 'futex*'
#
#   --target T     x86_64, i386 or ppc; may be repeated (default: all)
#   --redo         forget the tool's results of the tests concerned first; --redo-native also those of the native runs
#   --report       run nothing
#   --tree DIR     a checkout of the Linux Test Project (default: WORK/src)
#   --work DIR     where builds and results are kept (default: out/ltp)
#   --user NAME    who runs the tests (default: nobody)
#   -j N           tests at a time (default: 2)
#   SUITE_BIN      the tools' folder (default: out/bin)
#
# A test of i386 is held against the native 32-bit run; one of ppc against the native 32-bit or 64-bit run, whichever it equals. Compared are
# the counts of TPASS, TFAIL, TBROK and TCONF and the exit status. A test that differs is run again on both sides, and one that is not the same
# twice natively is called unstable. Differences with a reason stand in ltp-known.txt beside this script; the last line counts the others.

. "$(dirname -- "${BASH_SOURCE[0]}")/../build.sh"

WORK=$ROOT/out/ltp TREE='' RUNNER=nobody JOBS=2 LIMIT=600
TARGETS=() PATTERNS=()
BUILD='' REDO='' REPORT=''
KNOWN=$(dirname -- "${BASH_SOURCE[0]}")/ltp-known.txt

# compile TARGET: a static build in WORK/TARGET, installed into WORK/TARGET/root. What does not build is left out.
compile() {
    local target=$1 folder=$WORK/$1 flags='-O2 -g0 -w'
    [ ! -e "$folder/.done" ] || return 0
    say "building for $target in $folder (this takes a while) ..."
    rm -rf "$folder"
    mkdir -p "$folder" && cp -a "$TREE/." "$folder" || return 1
    (
        cd "$folder" || exit 1
        [ -e configure ] || make autotools
        case $target in
            x86_64) ./configure --prefix="$folder/root" CC=gcc CFLAGS="$flags" LDFLAGS=-static ;;
            i386) ./configure --prefix="$folder/root" --host=i686-linux-gnu CC='gcc -m32 -idirafter /usr/include/x86_64-linux-gnu' CFLAGS="$flags" \
                LDFLAGS=-static AR=ar RANLIB=ranlib OBJCOPY=objcopy STRIP=strip ;;
            ppc) ./configure --prefix="$folder/root" --host=powerpc-linux-gnu CC=powerpc-linux-gnu-gcc CFLAGS="$flags" LDFLAGS=-static ;;
        esac || exit 1
        for part in testcases/kernel/syscalls testcases/lib testcases/kernel/mem; do
            make -k -i -C "$part"
            make -k -i -C "$part" install
        done
        touch .done
    ) >"$folder.log" 2>&1
    [ -e "$folder/.done" ] || { say "building for $target failed (log: $folder.log)"; return 1; }
}

build_all() {
    need autoconf:autoconf automake:automake m4:m4 make:make gcc:gcc pkg-config:pkg-config || die "the Linux Test Project cannot be built without these"
    if [ ! -e "$TREE/runtest/syscalls" ]; then
        say "fetching the Linux Test Project into $TREE ..."
        git clone -q --depth 1 https://github.com/linux-test-project/ltp.git "$TREE" || die "cannot fetch it; give a checkout with --tree"
    fi
    local target
    for target in "${TARGETS[@]}"; do compile "$target"; done
}

# tests: "NAME COMMAND..." of each test of the list that is wanted.
tests() {
    local name command pattern
    while read -r name command; do
        case $name in '' | '#'*) continue ;; esac
        for pattern in "${PATTERNS[@]}"; do
            # shellcheck disable=SC2254
            case $name in $pattern) printf '%s %s\n' "$name" "$command"; break ;; esac
        done
    done <"$TREE/runtest/syscalls"
}

# inside: what runs in the namespaces of one test; all is in the environment.
inside() {
    # A short name for the folder: the tests make sockets below it.
    mount -t tmpfs -o mode=1777 tmpfs /dev/shm && mount --bind "$PLACE" "$SCRATCH" || exit 200
    ip link set lo up 2>/dev/null
    cd "$SCRATCH" || exit 200
    # shellcheck disable=SC2086
    timeout -k 5 "$LIMIT" setpriv --reuid "$RUNNER" --regid "$(id -g "$RUNNER")" --clear-groups --inh-caps=-all env -i \
        PATH="$LTPROOT/testcases/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" LTPROOT="$LTPROOT" TMPDIR="$SCRATCH" HOME="$SCRATCH" \
        LTP_COLORIZE_OUTPUT=n LTP_TIMEOUT_MUL="${LTP_TIMEOUT_MUL:-3}" LC_ALL=C $COMMAND </dev/null >"$OUTPUT" 2>&1
}

# run MODE TARGET NAME COMMAND...: MODE is native or tool, with a number behind it for another run. Leaves a log and a line of counts.
run() {
    local mode=$1 target=$2 name=$3 tag
    shift 3
    local result=$WORK/results/$target/$mode/$name
    [ ! -e "$result.sum" ] || return 0
    export LTPROOT=$WORK/$target/root SCRATCH=/tmp/ltp-scratch PLACE=$WORK/scratch/$mode-$target-$name OUTPUT=$result.log COMMAND LIMIT RUNNER
    mkdir -p "${result%/*}" "$SCRATCH" "$PLACE" && chmod 1777 "$PLACE" || exit 1
    COMMAND="$LTPROOT/testcases/bin/$*"
    [ "${mode#native}" != "$mode" ] || COMMAND="${SUITE_BIN:-$BIN}/qemu-$target $COMMAND"
    unshare --mount --pid --ipc --uts --net --fork --kill-child --mount-proc --propagation private bash "$SELF" --inside 2>"$result.err"
    local status=$?
    rm -rf "$PLACE"
    [ -s "$result.err" ] || rm -f "$result.err"
    {
        printf 'exit=%s' "$status"
        # New tests print "file.c:12: TPASS: ...", old ones "name 1 TPASS : ...".
        for tag in TPASS TFAIL TBROK TCONF; do printf ' %s=%s' "$tag" "$(grep -a -c -E "^([^ :]+:[0-9]+: |[^ ]+ +[0-9]+ +)$tag *:" "$OUTPUT")"; done
        printf '\n'
    } >"$result.sum"
}

# one TARGET NAME COMMAND...: all runs of one test.
one() {
    local target=$1 name=$2
    local program=$WORK/$target/root/testcases/bin/$3 other
    [ -f "$program" ] && [ "$(head -c 4 "$program" 2>/dev/null | tr -d '\0')" = $'\x7fELF' ] || return 0
    run tool "$@"
    for other in $(oracles "$target"); do [ -e "$WORK/$other/root/testcases/bin/$3" ] && run native "$other" "${@:2}"; done
    ! agrees "$target" "$name" tool native || return 0
    run tool2 "$@"
    for other in $(oracles "$target"); do [ -e "$WORK/$other/root/testcases/bin/$3" ] && run native2 "$other" "${@:2}"; done
}

# oracles TARGET: whose native runs say what is right.
oracles() {
    case $1 in ppc) printf 'i386 x86_64' ;; *) printf '%s' "$1" ;; esac
}

summary() { cat "$WORK/results/$1/$2/$3.sum" 2>/dev/null; }

# agrees TARGET NAME TOOL-MODE NATIVE-MODE
agrees() {
    local other mine
    mine=$(summary "$1" "$3" "$2")
    for other in $(oracles "$1"); do [ "$mine" != "$(summary "$other" "$4" "$2")" ] || return 0; done
    return 1
}

# verdict TARGET NAME: same, unstable or different.
verdict() {
    local target=$1 name=$2 other mode
    for mode in tool tool2; do
        if agrees "$target" "$name" $mode native || { [ -n "$(summary "$target" $mode "$name")" ] && agrees "$target" "$name" $mode native2; }; then
            echo same
            return
        fi
    done
    for other in $(oracles "$target"); do
        mode=$(summary "$other" native2 "$name")
        if [ -n "$mode" ] && [ "$mode" != "$(summary "$other" native "$name")" ]; then echo unstable; return; fi
    done
    echo different
}

# is_known TARGET NAME
is_known() {
    local target pattern reason
    while read -r target pattern reason; do
        [ "$target" = "$1" ] || [ "$target" = all ] || continue
        # shellcheck disable=SC2254
        case $2 in $pattern) [ -z "$reason" ] || return 0 ;; esac
    done <"$KNOWN"
    return 1
}

report() {
    local target name rest unexpected=0 same unstable known
    for target in "${TARGETS[@]}"; do
        same=0 unstable=0 known=0
        local passed=0 native=0
        while read -r name rest; do
            [ -e "$WORK/results/$target/tool/$name.sum" ] || continue
            case $(summary "$target" tool "$name") in 'exit=0 '*) passed=$((passed + 1)) ;; esac
            for rest in $(oracles "$target"); do
                case $(summary "$rest" native "$name") in 'exit=0 '*) native=$((native + 1)); break ;; esac
            done
            case $(verdict "$target" "$name") in
                same) same=$((same + 1)); continue ;;
                unstable) unstable=$((unstable + 1)); continue ;;
            esac
            if is_known "$target" "$name"; then
                known=$((known + 1))
                continue
            fi
            unexpected=$((unexpected + 1))
            printf '%-7s %-28s tool %s\n' "$target" "$name" "$(summary "$target" tool "$name")"
            for rest in $(oracles "$target"); do printf '%-36s %s\n' '' "native $rest $(summary "$rest" native "$name")"; done
        done < <(tests)
        printf '%s: exit 0 natively %d, under the tool %d; same %d, unstable natively %d, known %d\n' "$target" $native $passed $same $unstable $known
    done
    printf '%d unexpected differences\n' $unexpected
    [ $unexpected = 0 ]
}

SELF=$(readlink -f -- "${BASH_SOURCE[0]}")
case ${1:-} in
    --inside) inside; exit ;;
    --one) shift; WORK=$1 RUNNER=$2; shift 2; one "$@"; exit ;;
esac

while [ $# != 0 ]; do
    case $1 in
        --build) BUILD=1 ;;
        --redo) REDO="$REDO tool tool2" ;;
        --redo-native) REDO="$REDO native native2" ;;
        --report) REPORT=1 ;;
        --target) TARGETS+=("$2"); shift ;;
        --tree) TREE=$2; shift ;;
        --work) WORK=$2; shift ;;
        --user) RUNNER=$2; shift ;;
        -j) JOBS=$2; shift ;;
        -*) die "unknown option $1; see the head of ${BASH_SOURCE[0]}" ;;
        *) PATTERNS+=("$1") ;;
    esac
    shift
done
[ ${#TARGETS[@]} != 0 ] || TARGETS=(x86_64 i386 ppc)
[ ${#PATTERNS[@]} != 0 ] || PATTERNS=('*')
mkdir -p "$WORK" || exit 1
WORK=$(cd -- "$WORK" && pwd -P)
TREE=${TREE:-$WORK/src}
[ -z "$BUILD" ] || { build_all; exit; }
[ -e "$TREE/runtest/syscalls" ] || die "there is no Linux Test Project in $TREE; fetch and build it with --build"
if [ -z "$REPORT" ]; then
    [ "$(id -u)" = 0 ] || die "root is needed, for private namespaces and to become the user $RUNNER"
    for target in "${TARGETS[@]}"; do
        [ -d "$WORK/$target/root" ] || die "there is no build for $target in $WORK; make one with --build"
        while read -r name rest; do
            for mode in $REDO; do
                # The tool's results of another target are not this one's to forget.
                case $mode in native*) others=$(oracles "$target") ;; *) others=$target ;; esac
                for other in $others; do rm -f "$WORK/results/$other/$mode/$name".*; done
            done
            printf '%s\0' "--one $WORK $RUNNER $target $name $rest"
        done < <(tests) | xargs -0 -P "$JOBS" -I{} bash -c 'exec bash "$0" $1' "$SELF" {}
    done
fi
report
