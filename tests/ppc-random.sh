#!/usr/bin/env bash
# Random PowerPC programs under qemu-ppc, as traces and one instruction at a time: results, what a handler sees at faults, and results when signals come all the
# time have to be the same. Not part of test.sh.
#
#   tests/ppc-random.sh [PROGRAMS [FIRST-SEED]]      SUITE_BIN chooses the tools' folder
#
# The last line reads "N passed, N failed"; programs that failed are kept.

. "$(dirname -- "${BASH_SOURCE[0]}")/../build.sh"

PROGRAMS=${1:-20} FIRST=${2:-1}
EMULATOR=${SUITE_BIN:-$BIN}/qemu-ppc
SOURCES=$ROOT/tests/Guests/ppc-random
CROSS=powerpc-linux-gnu
TURNS=9000 # more than twice as often as code is entered before it becomes a trace
PASSED=0 FAILED=0

# differs PROGRAM: says what is not as it should be.
differs() {
    local mode exact
    for mode in plain faults; do
        exact=$("$EMULATOR" -one-insn-per-tb "$1" $mode $TURNS 2>&1)
        [ "$("$EMULATOR" "$1" $mode $TURNS 2>&1)" = "$exact" ] || echo "$mode"
        [ $mode != plain ] || [ "$("$EMULATOR" "$1" signals $TURNS 2>&1)" = "$exact" ] || echo signals
    done
}

[ -x "$EMULATOR" ] || build
need $CROSS-gcc:gcc-powerpc-linux-gnu /usr/$CROSS/include/stdlib.h:libc6-dev-powerpc-cross python3:python3 || die "the programs above are needed"
WORK=$(mktemp -d)
for ((seed = FIRST; seed < FIRST + PROGRAMS; seed++)); do
    python3 "$SOURCES/generate.py" $seed >"$WORK/$seed.S" && $CROSS-gcc -O1 -static -o "$WORK/$seed" "$SOURCES/run.c" "$WORK/$seed.S" -lpthread || die "program $seed cannot be built"
    wrong=$(differs "$WORK/$seed")
    if [ -z "$wrong" ]; then
        PASSED=$((PASSED + 1))
        rm "$WORK/$seed" "$WORK/$seed.S"
    else
        FAILED=$((FAILED + 1))
        printf 'NOT OK  %s: %s\n' "$WORK/$seed" "$(echo $wrong)"
    fi
done
rmdir "$WORK" 2>/dev/null
printf '\n%d passed, %d failed\n' $PASSED $FAILED
[ $FAILED = 0 ]
