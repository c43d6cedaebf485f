#!/usr/bin/env bash
# The packages of pack.sh with the real dpkg and rpm, in roots that are thrown away: built twice alike, checked by lintian and rpmlint, installed, run,
# upgraded over an older package kvm, removed without a trace. Needs root for the roots. The last part of test.sh.
#
#   tests/packages.sh
#   SUITE_BIN=DIR       the tools from there instead of building them

. "$(dirname -- "${BASH_SOURCE[0]}")/../pack.sh"

WORK=$(mktemp -d "${TMPDIR:-/tmp}/suite-packages.XXXXXX") || exit 1
trap 'rm -rf "$WORK"' EXIT
OUT=$WORK/packages STAGE=$WORK/stage # what somebody built in out/ stays
FAILED=0 PASSED=0

check() { # check WHAT COMMAND...: passes when the command does.
    if "${@:2}" >"$WORK/out" 2>&1; then
        PASSED=$((PASSED + 1))
    else
        FAILED=$((FAILED + 1))
        say "FAILED: $1"
        sed 's/^/    /' "$WORK/out" >&2
    fi
}

skip() { say "skipped: $*"; exit 77; }

says() { # says TEXT COMMAND...: the command's output, on either stream, contains the text.
    local text
    text=$("${@:2}" 2>&1)
    case $text in *"$1"*) ;; *) printf 'expected: %s\nsaid: %s\n' "$1" "$text"; return 1 ;; esac
}

silent() { # silent COMMAND...: the command ends well and says nothing.
    local text
    text=$("$@" 2>&1) && [ -z "$text" ] || { printf 'said: %s\n' "$text"; return 1; }
}

finds_nothing() { # finds_nothing PATTERN COMMAND...: a checker's output has no line like that, and the checker did run: 1 is what it ends with for a finding.
    local text status
    text=$("${@:2}" 2>&1)
    status=$?
    printf '%s\n' "$text" | grep -e "$1" && return 1
    case $status in 0 | 1) ;; *) printf 'status %s: %s\n' "$status" "$text"; return 1 ;; esac
}

absent() { local path; for path in "$@"; do [ ! -e "$path" ] && [ ! -L "$path" ] || { echo "$path is there"; return 1; }; done; }

present() { local path; for path in "$@"; do [ -e "$path" ] || { echo "$path is not there"; return 1; }; done; }

# A PowerPC program that prints a line; every tool is static, so that a root needs nothing else.
make_guests() {
    printf '#include <stdio.h>\nint main(void) { puts("%s"); return 0; }\n' 'the guest runs' >"$WORK/hello.c"
    gcc -static -o "$WORK/hello-x86_64" "$WORK/hello.c" || return 1
    gcc -m32 -idirafter /usr/include/x86_64-linux-gnu -static -o "$WORK/hello-i386" "$WORK/hello.c" 2>/dev/null || say "skipped: no compiler for i386"
    powerpc-linux-gnu-gcc -static -o "$WORK/hello-ppc" "$WORK/hello.c" 2>/dev/null || say "skipped: no compiler for ppc"
}

run_tools() { # run_tools ROOT: each tool runs a program with the root as its world; machines say what they lack.
    local root=$1 target
    for target in $TARGETS; do
        [ -f "$WORK/hello-$target" ] || continue
        cp "$WORK/hello-$target" "$root/"
        check "$target: runs a program" says 'the guest runs' chroot "$root" "/usr/bin/qemu-$target" "/hello-$target"
        check "$target: version" says "qemu-$target version $VERSION" chroot "$root" "/usr/bin/qemu-$target" -version
        if [ "$target" = ppc ]; then
            check "$target: the machine's name says that there is none" says 'has no machines' chroot "$root" "/usr/bin/qemu-system-$target"
        else
            check "$target: the machine's name lists boards" says 'microvm' chroot "$root" "/usr/bin/qemu-system-$target" -M help
        fi
    done
    check 'qemu-kvm lists boards' says 'microvm' chroot "$root" /usr/bin/qemu-kvm -M help
    check 'kvm is qemu-kvm' says 'microvm' chroot "$root" /usr/bin/kvm -M help
}

check_files() { # check_files ROOT ZSH-FOLDER
    local root=$1 target shell
    for target in $TARGETS; do
        check "$target: manual" sh -c "gzip -dc '$root/usr/share/man/man1/qemu-$target.1.gz' | grep -q strace"
        check "$target: manual is well-formed" sh -c "! gzip -dc '$root/usr/share/man/man1/qemu-$target.1.gz' | groff -man -ww -Tutf8 2>&1 >/dev/null | grep ."
        check "$target: completion for bash" bash -c "source '$root/usr/share/bash-completion/completions/qemu-$target'; COMP_WORDS=(qemu-$target --binfmt ins) COMP_CWORD=2;
            _qemu_$target; [ \"\${COMPREPLY[*]}\" = install ]; COMP_WORDS=(qemu-$target -str) COMP_CWORD=1; _qemu_$target; [ \"\${COMPREPLY[*]}\" = -strace ]"
        for shell in zsh fish; do
            command -v "$shell" >/dev/null || { say "skipped: no $shell"; continue; }
            case $shell in
                zsh) check "$target: completion for zsh" zsh -n "$root/usr/share/zsh/$2/_qemu-$target" ;;
                fish) check "$target: completion for fish" fish --no-execute "$root/usr/share/fish/vendor_completions.d/qemu-$target.fish" ;;
            esac
        done
    done
    check 'registration file' grep -q '^:qemu-ppc:M::.*:/usr/bin/qemu-ppc:OFP$' "$root/usr/lib/binfmt.d/qemu-ppc.conf"
    check 'documentation' present "$root/usr/share/doc/qemu-common/strace.md"
}

# --- Debian ---

deb() { dpkg --root="$WORK/deb" --force-script-chrootless --log=/dev/null "$@"; }

old_kvm_deb() { # A package kvm of 2009, with the files that qemu-kvm takes over.
    mkdir -p "$WORK/kvm/DEBIAN" "$WORK/kvm/usr/bin" "$WORK/kvm/usr/share/man/man1"
    printf 'Package: kvm\nVersion: 1:85+dfsg-4\nArchitecture: amd64\nMaintainer: nobody <nobody@nowhere.invalid>\nDescription: old\n' >"$WORK/kvm/DEBIAN/control"
    printf '#!/bin/sh\necho old\n' >"$WORK/kvm/usr/bin/kvm"
    chmod 755 "$WORK/kvm/usr/bin/kvm"
    echo old | gzip -n >"$WORK/kvm/usr/share/man/man1/kvm.1.gz"
    echo old >"$WORK/kvm/usr/share/kvm-data"
    dpkg-deb --root-owner-group --build "$WORK/kvm" "$WORK/kvm_85_amd64.deb" >/dev/null
}

test_deb() {
    local root=$WORK/deb
    mkdir -p "$root"/var/lib/dpkg/{info,updates,triggers} && touch "$root/var/lib/dpkg/status" || return 1
    check 'deb: an old kvm' sh -c "$(declare -f deb old_kvm_deb); WORK='$WORK'; old_kvm_deb && deb -i '$WORK/kvm_85_amd64.deb'"
    check 'deb: all packages install over it' deb -i "$OUT"/*.deb
    check 'deb: kvm is gone' sh -c "! dpkg-query --admindir='$root/var/lib/dpkg' -W -f '\${Status}' kvm 2>/dev/null | grep -q ' installed'"
    check 'deb: its file is gone too' absent "$root/usr/share/kvm-data"
    check 'deb: nothing is half done' silent dpkg --audit --root="$root"
    check 'deb: all are installed' sh -c "[ \$(dpkg-query --admindir='$root/var/lib/dpkg' -W -f '\${Status}\n' 'qemu*' | grep -c 'install ok installed') = 6 ]"
    run_tools "$root"
    check_files "$root" vendor-completions
    check 'deb: files are as they were packed' silent dpkg --verify --root="$root"
    check 'deb: the same version again' deb -i "$OUT"/qemu-ppc_*.deb
    check 'deb: what others depend on stays' sh -c "! dpkg --root='$root' --force-script-chrootless --log=/dev/null -r qemu-common"
    old_qemu_user
    check 'deb: a package with the same commands is refused, not overwritten' says 'conflict' dpkg --root="$root" --force-script-chrootless --log=/dev/null --no-act -i "$WORK/qemu-user.deb"
    check 'deb: all go' deb -P qemu qemu-kvm qemu-ppc qemu-x86-64 qemu-i386 qemu-common
    check 'deb: nothing stays' sh -c "! find '$root/usr' -not -type d | grep ."
}

old_qemu_user() { # Debian's own package of the same commands.
    mkdir -p "$WORK/user/DEBIAN" "$WORK/user/usr/bin"
    printf 'Package: qemu-user\nVersion: 1:7.2\nArchitecture: amd64\nMaintainer: nobody <nobody@nowhere.invalid>\nDescription: other\n' >"$WORK/user/DEBIAN/control"
    touch "$WORK/user/usr/bin/qemu-ppc"
    dpkg-deb --root-owner-group --build "$WORK/user" "$WORK/qemu-user.deb" >/dev/null
}

# --- RPM ---

old_kvm_rpm() {
    mkdir -p "$WORK/oldrpm"
    printf '%s\n' 'Name: kvm' 'Version: 83' 'Release: 1' 'Summary: old' 'License: MIT' 'BuildArch: x86_64' '%global debug_package %{nil}' '%description' 'old' '%install' 'mkdir -p %{buildroot}/usr/bin' \
        'echo old >%{buildroot}/usr/bin/kvm' '%files' '/usr/bin/kvm' >"$WORK/kvm.spec"
    rpmbuild -bb --quiet --target x86_64 --define "_topdir $WORK/oldrpm" "$WORK/kvm.spec"
}

test_rpm() {
    local root=$WORK/rpm
    mkdir -p "$root"
    red() { rpm --root "$root" --dbpath /var/lib/rpm "$@"; }
    check 'rpm: data base' red --initdb
    check 'rpm: an old kvm' old_kvm_rpm
    check 'rpm: it installs' red -i --nodeps "$WORK"/oldrpm/RPMS/x86_64/kvm-83-1.x86_64.rpm
    check 'rpm: all packages install over it' red -U "$OUT"/*.rpm
    check 'rpm: kvm is obsoleted' sh -c "! rpm --root '$root' --dbpath /var/lib/rpm -q kvm"
    check 'rpm: kvm is provided' red -q --whatprovides kvm
    check 'rpm: all are installed' sh -c "[ \$(rpm --root '$root' --dbpath /var/lib/rpm -qa | grep -c ^qemu) = 6 ]"
    run_tools "$root"
    check_files "$root" site-functions
    check 'rpm: files are as they were packed' red -V qemu-common qemu-i386 qemu-x86_64 qemu-ppc qemu-kvm
    check 'rpm: what others require stays' sh -c "! rpm --root '$root' --dbpath /var/lib/rpm -e qemu-common"
    check 'rpm: all go' red -e qemu qemu-kvm qemu-ppc qemu-x86_64 qemu-i386 qemu-common
    check 'rpm: nothing stays' sh -c "! find '$root/usr' -path '*qemu*' | grep ."
}

test_archives() {
    local target
    for target in $TARGETS; do
        check "$target: archive" tar -C "$WORK" -xzf "$OUT/qemu-$target-$VERSION-linux-x86_64.tar.gz"
        check "$target: runs from the archive" says "qemu-$target version $VERSION" "$WORK/qemu-$target-$VERSION-linux-x86_64/bin/qemu-$target" -version
    done
    check 'checksums' sh -c "cd '$OUT' && sha256sum -c --quiet SHA256SUMS"
}

[ "$(id -u)" = 0 ] || skip "needs root, for the roots the packages are installed into"
need dpkg-deb:dpkg rpmbuild:rpm lintian:lintian rpmlint:rpmlint groff:groff-base zsh:zsh fish:fish || skip "the packages cannot be tested without the programs above"
make_guests || skip "no C compiler"
pack deb rpm tar
cp "$OUT/SHA256SUMS" "$WORK/first"
(OUT=$WORK/again && pack deb rpm tar) 2>/dev/null
check 'the same commit gives the same files' cmp "$WORK/first" "$WORK/again/SHA256SUMS"
check 'lintian' finds_nothing '^[EW]:' lintian --allow-root --tag-display-limit 0 "$OUT"/*.deb
check 'rpmlint' finds_nothing ': [EW]:' rpmlint -c "$ROOT/packaging/rpmlint.toml" "$OUT"/*.rpm
test_deb
test_rpm
test_archives
say "packages: $PASSED checks passed, $FAILED failed"
[ "$FAILED" = 0 ]
