#!/usr/bin/env bash
# Endurance of the tools: many processes, many threads, signals, and the build of a real package with every program of it emulated. Memory must
# not grow and nothing may hang. Takes some minutes, so not part of test.sh.
#
#   tests/soak.sh [--target T]... [--quick] [--work DIR]
#
#   --target T    x86_64, i386 or ppc; may be repeated (default: all)
#   --quick       a tenth of everything; too short to judge memory
#   --work DIR    default: out/soak
#   SUITE_SYSROOT a Debian i386 system with gcc and make in it, for the build under qemu-i386 (default: out/sysroot-i386, see i386-userland.sh)
#   SUITE_BIN     the tools' folder (default: out/bin)
#
# The last line reads "N passed, N failed, N skipped".

. "$(dirname -- "${BASH_SOURCE[0]}")/../build.sh"

WORK=$ROOT/out/soak TARGETS=() SHARE=1
HERE=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
PASSED=0 FAILED=0 SKIPPED=0
PACKAGE=hello

pass() { PASSED=$((PASSED + 1)); printf 'ok      %-7s %-12s %s\n' "$TARGET" "$1" "$2"; }
bad() { FAILED=$((FAILED + 1)); printf 'FAILED  %-7s %-12s %s\n' "$TARGET" "$1" "$2"; }
skip() { SKIPPED=$((SKIPPED + 1)); printf 'skipped %-7s %-12s %s\n' "$TARGET" "$1" "$2"; }

# memory PID: KiB of the process that are its own.
memory() { awk '/^RssAnon:/ { print $2; exit }' "/proc/$1/status" 2>/dev/null; }

# watched NAME LIMIT COMMAND...: passes when the command ends well within LIMIT seconds and its memory did not grow between the first third
# of its time and the last sample by more than a tenth and 4 MiB. What ends below FLOOR KiB has not filled the collector's first budget.
FLOOR=24576
watched() {
    local name=$1 limit=$2 log=$WORK/$TARGET-$1.log begin=$SECONDS samples=() sample pid status
    shift 2
    timeout -k 5 "$limit" "$@" >"$log" 2>&1 </dev/null &
    local guard=$!
    while kill -0 $guard 2>/dev/null; do
        pid=$(cat "/proc/$guard/task/$guard/children" 2>/dev/null)
        sample=$(memory "${pid%% *}")
        [ -z "$sample" ] || samples+=("$sample")
        sleep 0.2
    done
    wait $guard
    status=$?
    local count=${#samples[@]} early=0 late=0
    if [ $count -ge 6 ]; then
        early=${samples[$((count / 3))]} late=${samples[$((count - 2))]}
    fi
    if [ $status = 124 ] || [ $status = 137 ]; then
        bad "$name" "hangs: not done in $limit s (log: $log)"
    elif [ $status != 0 ]; then
        bad "$name" "status $status: $(tail -n 1 "$log" | cut -c 1-100)"
    elif [ $SHARE = 1 ] && [ "$late" -gt $FLOOR ] && [ "$late" -gt $((early + early / 10 + 4096)) ]; then
        bad "$name" "memory grew from $early to $late KiB"
    else
        pass "$name" "$((SECONDS - begin)) s, $early KiB after a third, $late KiB at the end"
    fi
}

compile() {
    case $TARGET in
        x86_64) gcc -O2 -pthread -o "$1" "$HERE/Guests/soak/soak.c" ;;
        i386) gcc -m32 -idirafter /usr/include/x86_64-linux-gnu -O2 -static -pthread -o "$1" "$HERE/Guests/soak/soak.c" ;;
        ppc) powerpc-linux-gnu-gcc -O2 -static -pthread -o "$1" "$HERE/Guests/soak/soak.c" ;;
    esac
}

# The package's source, with package lists of its own: the system's settings are not touched.
source_package() {
    compgen -G "$WORK/source/${PACKAGE}_*.orig.tar.*" >/dev/null && return
    local mirror codename
    mkdir -p "$WORK/source" "$WORK/apt/lists/partial" "$WORK/apt/cache/archives/partial"
    codename=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
    mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null |
        sed -n 's/^URIs: *\([^ ]*\/debian\)\/* *$/\1/p; s/^deb \(\[[^]]*\] \)*\([^ ]*\/debian\)\/* .*/\2/p' | head -n 1)
    printf 'deb-src %s %s main\n' "${mirror:-http://deb.debian.org/debian}" "$codename" >"$WORK/apt/sources.list"
    local apt=(apt-get -q -o "Dir::Etc::SourceList=$WORK/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$WORK/apt/lists"
        -o "Dir::Cache=$WORK/apt/cache" -o APT::Sandbox::User=root)
    "${apt[@]}" update >"$WORK/apt.log" 2>&1 && (cd "$WORK/source" && "${apt[@]}" source --download-only "$PACKAGE" >>"$WORK/apt.log" 2>&1)
}

# unpack FOLDER
unpack() {
    rm -rf "$1"
    mkdir -p "$1" && tar -C "$1" --strip-components=1 -xf "$(compgen -G "$WORK/source/${PACKAGE}_*.orig.tar.*" | grep -v '\.asc$' | head -n 1)"
}

BUILD='./configure --disable-nls --disable-dependency-tracking FORCE_UNSAFE_CONFIGURE=1 && make && ./hello && make -s check TESTS=tests/hello-1'

package() {
    local sysroot=${SUITE_SYSROOT:-$ROOT/out/sysroot-i386}
    case $TARGET in
        ppc) skip build "there is no compiler for this target that runs on it; tests/ppc-apps.sh runs cross-built packages"; return ;;
        i386) [ -x "$sysroot/usr/bin/gcc" ] && [ -x "$sysroot/usr/bin/make" ] || { skip build "no i386 system with gcc and make in $sysroot (tests/i386-userland.sh makes one)"; return; } ;;
    esac
    source_package || { skip build "the source of $PACKAGE cannot be fetched (log: $WORK/apt.log)"; return; }
    if [ "$TARGET" = x86_64 ]; then
        unpack "$WORK/build" || { bad build "cannot unpack $PACKAGE"; return; }
        watched build 1800 "$TOOL" /bin/bash -c "cd '$WORK/build' && $BUILD"
    else
        local chroot
        chroot=$(PATH=$PATH:/usr/sbin:/sbin command -v chroot)
        [ "$(id -u)" = 0 ] && [ -n "$chroot" ] || { skip build "root is needed, for chroot"; return; }
        mkdir -p "$sysroot/.suite" "$sysroot/tmp" && cp "$TOOL" "$sysroot/.suite/qemu-i386" && unpack "$sysroot/tmp/build" || { bad build "cannot prepare $sysroot"; return; }
        watched build 1800 unshare --mount bash -c "mount --bind /proc '$sysroot/proc' && mount --bind /dev '$sysroot/dev' && exec '$chroot' '$sysroot' /.suite/qemu-i386 /bin/bash -c \"cd /tmp/build && $BUILD\""
    fi
}

while [ $# != 0 ]; do
    case $1 in
        --target) TARGETS+=("$2"); shift ;;
        --quick) SHARE=10 ;;
        --work) WORK=$2; shift ;;
        *) die "unknown option $1; see the head of ${BASH_SOURCE[0]}" ;;
    esac
    shift
done
[ ${#TARGETS[@]} != 0 ] || TARGETS=(x86_64 i386 ppc)
mkdir -p "$WORK" && WORK=$(cd -- "$WORK" && pwd -P) || exit 1
need gcc:gcc make:make || die "the programs cannot be built without these"

for TARGET in "${TARGETS[@]}"; do
    TOOL=${SUITE_BIN:-$BIN}/qemu-$TARGET
    PROGRAM=$WORK/soak-$TARGET
    [ -x "$TOOL" ] || { bad all "there is no $TOOL; build it with ./build.sh"; continue; }
    compile "$PROGRAM" 2>"$WORK/$TARGET-cc.log" || { skip all "soak.c does not build here (log: $WORK/$TARGET-cc.log)"; continue; }
    watched spawn 1200 "$TOOL" "$PROGRAM" spawn $((10000 / SHARE))
    watched words 600 "$TOOL" "$PROGRAM" words 100
    watched threads 600 "$TOOL" "$PROGRAM" threads $((1000 / SHARE))
    watched more-threads 900 "$TOOL" "$PROGRAM" threads $((20000 / SHARE))
    watched signals 600 "$TOOL" "$PROGRAM" signals $((20000 / SHARE))
    package
done
printf '%d passed, %d failed, %d skipped\n' $PASSED $FAILED $SKIPPED
[ $FAILED = 0 ]
