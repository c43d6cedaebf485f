#!/usr/bin/env bash
# The user-mode programs that QEMU's source package ships (tests/tcg: multiarch and per target), built with the machine's compilers and run
# under each tool. Slow to fetch, so not part of test.sh.
#
#   tests/qemu-tcg.sh [--target T]... [--tree DIR] [--work DIR]
#
#   --target T    x86_64, i386 or ppc; may be repeated (default: all)
#   --tree DIR    an unpacked QEMU source (default: the distribution's, fetched into WORK)
#   --work DIR    default: out/qemu-tcg
#   SUITE_BIN     the tools' folder (default: out/bin)
#
# A program passes when it ends with status 0. Those that print what they compute (float_*, test-i386, test-mmx, test-avx) have to print what
# the native run prints; for ppc, the float_* programs what the native 64-bit run prints. The last line reads "N passed, N failed, N skipped".

. "$(dirname -- "${BASH_SOURCE[0]}")/../build.sh"

WORK=$ROOT/out/qemu-tcg TREE='' TARGETS=()
PASSED=0 FAILED=0 SKIPPED=0

fetch() {
    local mirror codename
    TREE=$(compgen -G "$WORK/source/qemu-*/tests/tcg/multiarch" | head -n 1)
    TREE=${TREE%/tests/tcg/multiarch}
    [ -z "$TREE" ] || return 0
    mkdir -p "$WORK/source" "$WORK/apt/lists/partial" "$WORK/apt/cache/archives/partial"
    codename=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
    mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null |
        sed -n 's/^URIs: *\([^ ]*\/debian\)\/* *$/\1/p; s/^deb \(\[[^]]*\] \)*\([^ ]*\/debian\)\/* .*/\2/p' | head -n 1)
    printf 'deb-src %s %s main\n' "${mirror:-http://deb.debian.org/debian}" "$codename" >"$WORK/apt/sources.list"
    say "fetching QEMU's source package ..."
    # Package lists of its own: the system's settings are not touched.
    local apt=(apt-get -q -o "Dir::Etc::SourceList=$WORK/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$WORK/apt/lists"
        -o "Dir::Cache=$WORK/apt/cache" -o APT::Sandbox::User=root)
    "${apt[@]}" update >&2 && (cd "$WORK/source" && "${apt[@]}" source --download-only qemu >&2) || die "cannot fetch it; give an unpacked source with --tree"
    (cd "$WORK/source" && tar xf qemu_*.orig.tar.xz --wildcards '*/tests/tcg') || die "cannot unpack it"
    TREE=$(compgen -G "$WORK/source/qemu-*" | grep -v '\.' | head -n 1)
    [ -n "$TREE" ] || { TREE=$(dirname "$(compgen -G "$WORK/source/qemu-*/tests" | head -n 1)"); }
}

pass() { PASSED=$((PASSED + 1)); }

bad() {
    FAILED=$((FAILED + 1))
    printf 'FAILED  %-7s %-28s %s\n' "$TARGET" "$1" "$2"
}

skip() {
    SKIPPED=$((SKIPPED + 1))
    printf 'skipped %-7s %-28s %s\n' "$TARGET" "$1" "$2"
}

# t HOW NAME "SOURCES" "FLAGS" "OPTIONS": HOW is status, or native for the same output as natively.
t() {
    local how=$1 name=$2 sources=$3 flags=$4 options=$5 status native
    # shellcheck disable=SC2086
    "${COMPILER[@]}" -w -O2 -g -static $flags -I"$TCG/multiarch" -I"$HERE" -o "$HERE/$name" $sources -lm -lrt -lpthread 2>"$HERE/$name.cc" ||
        { skip "$name" "does not build: $(head -n 1 "$HERE/$name.cc" | cut -c 1-90)"; return; }
    # shellcheck disable=SC2086
    (cd "$HERE" && exec timeout 120 "$TOOL" $options "./$name" >"$name.out" 2>"$name.err" </dev/null) 2>/dev/null
    status=$?
    if [ "$how" = status ]; then
        [ $status = 0 ] && pass || bad "$name" "status $status: $(tail -n 1 "$HERE/$name.err" | cut -c 1-90)"
        return
    fi
    local program=$HERE/$name
    [ "$TARGET" != ppc ] || { program=$HERE/$name.native; gcc -w -O2 -static $flags -I"$TCG/multiarch" -o "$program" $sources -lm -lrt -lpthread; }
    (cd "$HERE" && exec timeout 120 "$program" >"$name.native-out" 2>/dev/null </dev/null) 2>/dev/null
    native=$?
    if [ $status = $native ] && cmp -s "$HERE/$name.out" "$HERE/$name.native-out"; then
        pass
    else
        bad "$name" "status $status, natively $native; $(diff "$HERE/$name.out" "$HERE/$name.native-out" | grep -c '^[<>]') lines differ"
    fi
}

multiarch() {
    local source name
    for source in "$TCG"/multiarch/*.c "$TCG"/multiarch/linux/*.c; do
        name=$(basename "$source" .c)
        case $name in
            float_*) t "$FLOAT" "$name" "$source $TCG/multiarch/libs/float_helpers.c" "" "" ;;
            *) t status "$name" "$source" "" "" ;;
        esac
    done
}

x86_headers() {
    cp "$TCG"/i386/*.h "$HERE"
    python3 "$TCG/i386/test-mmx.py" "$TCG/i386/x86.csv" "$HERE/test-3dnow.h" 3DNOW
    python3 "$TCG/i386/test-mmx.py" "$TCG/i386/x86.csv" "$HERE/test-mmx.h" MMX SSE SSE2 SSE3 SSSE3
    python3 "$TCG/i386/test-avx.py" "$TCG/i386/x86.csv" "$HERE/test-avx.h"
}

i386() {
    local name
    x86_headers
    t native test-i386 "$TCG/i386/test-i386.c $TCG/i386/test-i386-code16.S $TCG/i386/test-i386-vm86.S" "-fno-pie -no-pie -I$TCG/i386" ""
    for name in f2xm1 fbstp fisttp fldcst fp-exceptions fpatan fscale fxam fxtract fyl2x fyl2xp1 pseudo-denormal snan-convert; do
        t status "test-i386-$name" "$TCG/i386/test-i386-$name.c" "" ""
    done
    t native test-i386-fprem "$TCG/i386/test-i386-fprem.c" "" ""
    t status test-i386-sse-exceptions "$TCG/i386/test-i386-sse-exceptions.c" "-msse4.1 -mfpmath=sse" "-cpu max"
    t status test-i386-pcmpistri "$TCG/i386/test-i386-pcmpistri.c" "-msse4.2" "-cpu max"
    t status sha512-sse "$TCG/multiarch/sha512.c" "-msse4.1 -O3" "-cpu max"
}

x86_64() {
    local name
    x86_headers
    for name in cmpxchg noexec vsyscall; do t status "$name" "$TCG/x86_64/$name.c" "" ""; done
    t native test-x86_64 "$TCG/i386/test-i386.c" "-fno-pie -no-pie -I$TCG/i386" ""
    t status test-i386-bmi2 "$TCG/i386/test-i386-bmi2.c" "" "-cpu max"
    t status test-i386-ssse3 "$TCG/i386/test-i386-ssse3.c" "-mssse3" "-cpu max"
    t native test-mmx "$TCG/i386/test-mmx.c" "-masm=intel -O -I." "-cpu max"
    t native test-avx "$TCG/i386/test-avx.c" "-mavx -masm=intel -O -I." "-cpu max"
    t status test-3dnow "$TCG/i386/test-3dnow.c" "-masm=intel -O -I." "-cpu phenom"
}

while [ $# != 0 ]; do
    case $1 in
        --target) TARGETS+=("$2"); shift ;;
        --tree) TREE=$2; shift ;;
        --work) WORK=$2; shift ;;
        *) die "unknown option $1; see the head of ${BASH_SOURCE[0]}" ;;
    esac
    shift
done
[ ${#TARGETS[@]} != 0 ] || TARGETS=(x86_64 i386 ppc)
need gcc:gcc python3:python3 || die "the programs cannot be built without these"
mkdir -p "$WORK" && WORK=$(cd -- "$WORK" && pwd -P) || exit 1
[ -n "$TREE" ] || fetch
TCG=$TREE/tests/tcg
[ -d "$TCG/multiarch" ] || die "$TREE has no tests/tcg/multiarch: not a QEMU source"

for TARGET in "${TARGETS[@]}"; do
    HERE=$WORK/$TARGET TOOL=${SUITE_BIN:-$BIN}/qemu-$TARGET FLOAT=native
    mkdir -p "$HERE"
    case $TARGET in
        x86_64) COMPILER=(gcc) ;;
        i386) COMPILER=(gcc -m32 -idirafter /usr/include/x86_64-linux-gnu) ;;
        # No reference for it, and it has no unsigned indefinite values: the programs check themselves only.
        ppc) COMPILER=(powerpc-linux-gnu-gcc) FLOAT=status ;;
        *) die "$TARGET is not a target; x86_64, i386 and ppc are" ;;
    esac
    multiarch
    [ "$TARGET" = ppc ] || "$TARGET"
done
printf '%d passed, %d failed, %d skipped\n' $PASSED $FAILED $SKIPPED
[ $FAILED = 0 ]
