#!/usr/bin/env bash
# Sets up, builds, checks the format, runs all tests. The last line reads "N passed, N failed" (", N skipped" when some were).
#
#   ./test.sh                         everything
#   ./test.sh --filter NAME           only tests whose name contains NAME, without the format check

. "$(dirname -- "${BASH_SOURCE[0]}")/build.sh"

RESULTS="$ROOT/out/test-results"
PASSED=0 FAILED=0 SKIPPED=0
FILTER=()

# step TITLE COMMAND...: runs it, its output kept and shown only when it fails.
step() {
    local title=$1 log="$ROOT/out/log/step.log" begin=$SECONDS
    shift
    printf '%-42s ' "$title"
    if "$@" </dev/null >"$log" 2>&1; then
        printf 'ok (%d s)\n' $((SECONDS - begin))
    else
        printf 'FAILED (%d s)\n' $((SECONDS - begin))
        tail -n 60 "$log" | sed 's/^/    /'
        FAILED=$((FAILED + 1))
        return 1
    fi
}

# counter NAME FILE: one number of a trx file's <Counters .../> line; 0 when absent.
counter() {
    local number
    number=$(grep -o '<Counters [^>]*' "$2" 2>/dev/null | head -n 1 | grep -o " $1=\"[0-9]*\"" | tr -dc 0-9)
    printf '%s' "${number:-0}"
}

# test_project PROJECT: runs it and adds its counts. A run that dies before reporting counts as one failure.
test_project() {
    local name trx status total passed failed begin=$SECONDS
    name=$(basename "$1" .csproj)
    trx="$RESULTS/$name.trx"
    dotnet test "$1" --no-build -v q --nologo "${FILTER[@]}" --logger "console;verbosity=minimal" --logger "trx;LogFileName=$trx" \
        --blame-hang --blame-hang-timeout 10m --blame-hang-dump-type none --results-directory "$RESULTS" </dev/null >"$RESULTS/$name.log" 2>&1
    status=$?
    total=$(counter total "$trx") passed=$(counter passed "$trx") failed=$(counter failed "$trx")
    if [ $status != 0 ] && [ "$failed" = 0 ]; then
        failed=1
        printf '    %s ended with status %d and no failed test in its report\n' "$name" $status
    fi
    [ $status = 0 ] || grep -v '^ *$' "$RESULTS/$name.log" | head -n 300 | sed 's/^/    /'
    [ "$failed" -le "$total" ] || total=$((passed + failed))
    PASSED=$((PASSED + passed)) FAILED=$((FAILED + failed)) SKIPPED=$((SKIPPED + total - passed - failed))
    printf '%-42s %d passed, %d failed, %d skipped (%d s)\n' "tests: $name" "$passed" "$failed" $((total - passed - failed)) $((SECONDS - begin))
}

# packages: tests/packages.sh, each of its checks a test; status 77 says that it cannot run here.
packages() {
    local log="$RESULTS/packages.log" begin=$SECONDS passed failed
    "$ROOT/tests/packages.sh" </dev/null >"$log" 2>&1
    if [ $? = 77 ]; then
        SKIPPED=$((SKIPPED + 1))
        printf '%-42s %s\n' "tests: packages" "$(tail -n 1 "$log")"
        return
    fi
    read -r passed failed < <(sed -n 's/^packages: \([0-9]*\) checks passed, \([0-9]*\) failed$/\1 \2/p' "$log")
    [ -n "$passed" ] || passed=0 failed=1
    [ "$failed" = 0 ] || tail -n 60 "$log" | sed 's/^/    /'
    PASSED=$((PASSED + passed)) FAILED=$((FAILED + failed))
    printf '%-42s %d passed, %d failed (%d s)\n' "tests: packages" "$passed" "$failed" $((SECONDS - begin))
}

summary() {
    printf '\n%d passed, %d failed' $PASSED $FAILED
    [ $SKIPPED = 0 ] || printf ', %d skipped' $SKIPPED
    printf '\n'
    [ $FAILED = 0 ]
}

case ${1:-} in
    '') ;;
    --filter) [ $# = 2 ] || die "usage: ./test.sh [--filter NAME]"; FILTER=(--filter "FullyQualifiedName~$2") ;;
    *) die "usage: ./test.sh [--filter NAME]" ;;
esac

cd "$ROOT" || exit 1
rm -rf "$RESULTS"
mkdir -p "$RESULTS" "$ROOT/out/log"
need_sdk
# What the tests run as guests or compare with; a test whose program is not to be had skips itself.
need python3:python3 git:git gcc:gcc /usr/include/stdlib.h:libc6-dev qemu-x86_64:qemu-user tar:tar gzip:gzip perl:perl bc:bc gdb-multiarch:gdb-multiarch cpio:cpio depmod:kmod \
    qemu-system-x86_64:qemu-system-x86 qemu-img:qemu-utils nasm:nasm /usr/share/seabios/bios-256k.bin:seabios /usr/lib/ISOLINUX/isolinux.bin:isolinux syslinux:syslinux \
    /usr/lib/syslinux/modules/bios/ldlinux.c32:syslinux-common xorriso:xorriso mcopy:mtools iasl:acpica-tools /usr/lib/grub-rescue/grub-rescue-floppy.img:grub-rescue-pc ||
    say "note: not every program used by the tests could be installed; some tests will be skipped"

# For 32-bit guest programs. The usual package, gcc-multilib, cannot be installed beside cross compilers; its parts can.
GCC=$(gcc -dumpversion 2>/dev/null)
need /usr/include/gnu/stubs-32.h:libc6-dev-i386 "/usr/lib/gcc/x86_64-linux-gnu/$GCC/32/libgcc.a:lib32gcc-$GCC-dev" \
    "/usr/lib/gcc/x86_64-linux-gnu/$GCC/32/libstdc++.a:lib32stdc++-$GCC-dev" || say "note: 32-bit programs cannot be built here; their tests will be skipped"

need powerpc-linux-gnu-gcc:gcc-powerpc-linux-gnu powerpc-linux-gnu-g++:g++-powerpc-linux-gnu /usr/powerpc-linux-gnu/include/stdlib.h:libc6-dev-powerpc-cross ||
    say "note: PowerPC programs cannot be built here; their tests will be skipped"

# In a subshell: a failing build ends build(), and the summary must still be printed.
if ! (build); then
    FAILED=$((FAILED + 1))
    summary
    exit 1
fi
export SUITE_BIN="$BIN"

if ! step "build of the solution" dotnet build Suite.sln -v q --nologo; then
    summary
    exit 1
fi
[ ${#FILTER[@]} != 0 ] || step "format" dotnet format Suite.sln --verify-no-changes --no-restore
for project in tests/*/*.csproj; do
    ! grep -q Microsoft.NET.Test.Sdk "$project" || test_project "$project"
done
[ ${#FILTER[@]} != 0 ] || packages
summary
exit
