#!/usr/bin/env bash
# Builds the suite's packages into out/packages/: .deb, .rpm and a tar archive for each tool, with SHA256SUMS.
#
#   ./pack.sh                  everything
#   ./pack.sh deb|rpm|tar...   only these
#   SUITE_BIN=DIR              takes the tools from there instead of building them
#   SUITE_PACKAGES=DIR         another place than out/packages
#
# The version is that of Directory.Build.props, times are the last commit's (SOURCE_DATE_EPOCH): the same commit gives the same files.

. "$(dirname -- "${BASH_SOURCE[0]}")/build.sh"

OUT=${SUITE_PACKAGES:-$ROOT/out/packages}
STAGE=$ROOT/out/stage
VERSION=$(sed -n 's/.*<Version>\(.*\)<\/Version>.*/\1/p' "$ROOT/Directory.Build.props")
RELEASE=1
MAINTAINER="The suite's authors <maintainers@suite.invalid>"
TARGETS='i386 x86_64 ppc'
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$ROOT" log -1 --format=%ct 2>/dev/null || date +%s)}
umask 022

# tool_text TOOL OPTION...: what the tool prints.
tool_text() { "$TOOLS/$1" "${@:2}" || die "$1 ${*:2} failed: build the tools anew"; }

deb_name() { printf '%s\n' "${1//_/-}"; } # Debian's names have no underscore.

put() { # put MODE FILE PATH: FILE, or standard input for -, as PATH below the stage.
    mkdir -p "$(dirname "$STAGE/$3")"
    if [ "$2" = - ]; then cat >"$STAGE/$3"; else cp "$2" "$STAGE/$3"; fi || die "cannot write $STAGE/$3"
    chmod "$1" "$STAGE/$3"
}

link() { mkdir -p "$(dirname "$STAGE/$2")" && ln -sf "$1" "$STAGE/$2"; }

system_page() { # system_page NAME TOOL: the manual page of a name that has no machines yet.
    cat <<PAGE
.TH ${1^^} 1 "" "$VERSION" "User Commands"
.SH NAME
${1//-/\\-} \\- machine emulator of the suite
.SH SYNOPSIS
.B ${1//-/\\-}
.SH DESCRIPTION
This version of the suite has no machines. The command says so, and ends with status 1.
.BR ${2//-/\\-} (1)
runs single Linux programs.
.SH SEE ALSO
.BR ${2//-/\\-} (1)
PAGE
}

stage_target() { # What qemu-TARGET contains.
    local target=$1 tool=qemu-$1 package system
    package=qemu-$target system=qemu-system-$target
    put 755 "$TOOLS/$tool" "$package/usr/bin/$tool"
    link "$tool" "$package/usr/bin/$system"
    tool_text "$tool" -manual | put 644 - "$package/usr/share/man/man1/$tool.1"
    if [ "$target" = ppc ]; then
        system_page "$system" "$tool" | put 644 - "$package/usr/share/man/man1/$system.1"
    else
        (exec -a "$system" "$TOOLS/$tool" -manual) | put 644 - "$package/usr/share/man/man1/$system.1"
    fi
    tool_text "$tool" -completion bash | put 644 - "$package/usr/share/bash-completion/completions/$tool"
    tool_text "$tool" -completion zsh | put 644 - "$package/usr/share/zsh/vendor-completions/_$tool"
    tool_text "$tool" -completion fish | put 644 - "$package/usr/share/fish/vendor_completions.d/$tool.fish"
    # Only PowerPC programs are nobody else's on an x86-64 host; the others are registered by those who ask for it.
    [ "$target" = ppc ] || return 0
    tool_text "$tool" --binfmt print --interpreter "/usr/bin/$tool" | put 644 - "$package/usr/lib/binfmt.d/$tool.conf"
}

stage_all() {
    local target doc
    rm -rf "$STAGE"
    for target in $TARGETS; do stage_target "$target"; done
    put 755 "$TOOLS/qemu-kvm" qemu-kvm/usr/bin/qemu-kvm
    link qemu-kvm qemu-kvm/usr/bin/kvm
    "$TOOLS/qemu-kvm" -manual | put 644 - qemu-kvm/usr/share/man/man1/qemu-kvm.1
    link qemu-kvm.1.gz qemu-kvm/usr/share/man/man1/kvm.1.gz
    for doc in "$ROOT"/docs/*.md "$ROOT/README.md"; do
        put 644 "$doc" "qemu-common/usr/share/doc/qemu-common/$(basename "$doc")"
    done
    put 644 "$ROOT/CHANGELOG.md" qemu-common/usr/share/doc/qemu-common/NEWS.md
    mkdir -p "$STAGE/qemu/usr/share/doc"
    find "$STAGE" -path '*/man/*' -type f -exec gzip -9n {} +
}

# clamp DIR: every time in it is the commit's.
clamp() { find "$1" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +; }

size_kb() { du -sk --apparent-size "$1" | cut -f1; }

# --- Debian ---

# Fields of each package besides the common ones. Debian's qemu-user has the commands under the same names, its qemu-system-* those of the machines, its
# qemu-user-static and qemu-user-binfmt the registration files.
deb_fields() {
    local exact="(= $VERSION)"
    case $1 in
        qemu-common) printf 'Architecture: all\nMulti-Arch: foreign\n' ;;
        qemu-ppc)
            printf 'Architecture: amd64\nDepends: qemu-common %s\nSuggests: binfmt-support\n' "$exact"
            printf '%s: qemu-user, qemu-user-static, qemu-user-binfmt, qemu-system-ppc\n' Conflicts Replaces ;;
        qemu-kvm)
            printf 'Architecture: amd64\nDepends: qemu-x86-64 %s\nProvides: kvm\n' "$exact"
            printf '%s: kvm, qemu-system-x86\n' Conflicts Replaces ;;
        qemu)
            printf 'Architecture: amd64\nSection: metapackages\n'
            printf 'Depends: qemu-common %s, qemu-i386 %s, qemu-x86-64 %s, qemu-ppc %s, qemu-kvm %s\n' "$exact" "$exact" "$exact" "$exact" "$exact" ;;
        *)
            printf 'Architecture: amd64\nDepends: qemu-common %s\n' "$exact"
            printf '%s: qemu-user, qemu-system-x86\n' Conflicts Replaces ;;
    esac
}

deb_package() { # deb_package STAGED-NAME
    local package root
    package=$(deb_name "$1") root=$STAGE/deb/$(deb_name "$1")
    mkdir -p "$STAGE/deb" && cp -a "$STAGE/$1" "$root" && mkdir -p "$root/DEBIAN" "$root/usr/share/doc/$package" || exit 1
    {
        printf 'Package: %s\nSource: qemu-suite\nVersion: %s\nMaintainer: %s\nPriority: optional\n' "$package" "$VERSION" "$MAINTAINER"
        deb_fields "$package" | grep -q '^Section:' || printf 'Section: otherosfs\n'
        deb_fields "$package"
        printf 'Installed-Size: %s\n' "$(size_kb "$STAGE/$1")"
        printf 'Description: %s\n' "$(sed -n "s/^$package: //p" "$ROOT/packaging/descriptions")"
        sed -n "/^$package: /,/^\$/{/^$package: /d;/^\$/d;p}" "$ROOT/packaging/descriptions" | sed 's/^/ /'
    } >"$root/DEBIAN/control"
    cp "$ROOT/packaging/copyright" "$root/usr/share/doc/$package/copyright"
    printf 'qemu-suite (%s) unstable; urgency=medium\n\n  * Built from the sources; qemu-common has their NEWS.\n\n -- %s  %s\n' \
        "$VERSION" "$MAINTAINER" "$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$root/usr/share/doc/$package/changelog.gz"
    find "$root/usr/share/doc" -name '*.md' -size +4k -exec gzip -9n {} +
    if [ -n "$(find "$root/usr/bin" -type f 2>/dev/null)" ]; then
        install -D -m 644 "$ROOT/packaging/tool.lintian" "$root/usr/share/lintian/overrides/$package"
    fi
    if [ "$package" = qemu-ppc ]; then
        install -m 755 "$ROOT/packaging/binfmt.postinst" "$root/DEBIAN/postinst"
        install -m 755 "$ROOT/packaging/binfmt.prerm" "$root/DEBIAN/prerm"
        mkdir -p "$root/usr/share/binfmts"
        tool_text qemu-ppc --binfmt print --debian "$package" --interpreter /usr/bin/qemu-ppc >"$root/usr/share/binfmts/qemu-ppc"
    fi
    (cd "$root" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 -r md5sum) >"$root/DEBIAN/md5sums"
    clamp "$root"
    dpkg-deb --root-owner-group -Zxz --build "$root" "$OUT/${package}_${VERSION}_$(sed -n 's/^Architecture: //p' "$root/DEBIAN/control").deb" >/dev/null ||
        die "dpkg-deb refused $package"
}

build_debs() {
    local package
    need dpkg-deb:dpkg xz:xz-utils || die "dpkg-deb is needed"
    for package in qemu-common qemu-i386 qemu-x86_64 qemu-ppc qemu-kvm qemu; do deb_package "$package"; done
}

# --- RPM ---

build_rpms() {
    local top=$ROOT/out/rpm package
    need rpmbuild:rpm || die "rpmbuild is needed"
    rm -rf "$top" && mkdir -p "$top"/{BUILD,RPMS,SOURCES,SPECS,root} || exit 1
    for package in qemu-common qemu-i386 qemu-x86_64 qemu-ppc qemu-kvm; do cp -a "$STAGE/$package/." "$top/root/"; done
    # Fedora and openSUSE look for zsh's completions elsewhere.
    mv "$top/root/usr/share/zsh/vendor-completions" "$top/root/usr/share/zsh/site-functions"
    install -D -m 644 "$ROOT/LICENSE" "$top/root/usr/share/licenses/qemu-common/LICENSE"
    clamp "$top/root"
    sed -e "s/@VERSION@/$VERSION/; s/@RELEASE@/$RELEASE/; s/@MAINTAINER@/$MAINTAINER/" "$ROOT/packaging/qemu.spec" >"$top/SPECS/qemu.spec"
    printf '\n%%changelog\n* %s %s - %s-%s\n- Built from the sources; NEWS.md of qemu-common has the changes.\n' "$(LC_ALL=C date -u -d "@$SOURCE_DATE_EPOCH" '+%a %b %d %Y')" "$MAINTAINER" \
        "$VERSION" "$RELEASE" >>"$top/SPECS/qemu.spec"
    rpmbuild -bb --quiet --target x86_64 --define "_topdir $top" --define "staged $top/root" --define '_buildhost suite' --define 'use_source_date_epoch_as_buildtime 1' \
        --define 'clamp_mtime_to_source_date_epoch 1' --define '_build_id_links none' --define '_binary_payload w9.gzdio' "$top/SPECS/qemu.spec" >"$top/log" 2>&1 ||
        { cat "$top/log" >&2; die "rpmbuild failed"; }
    find "$top/RPMS" -name '*.rpm' -exec cp {} "$OUT/" \;
}

# --- Archives ---

build_tars() {
    local target name root
    for target in $TARGETS; do
        name=qemu-$target-$VERSION-linux-x86_64 root=$STAGE/tar/qemu-$target-$VERSION-linux-x86_64
        mkdir -p "$root" && cp -a "$STAGE/qemu-$target/usr/." "$root/" && cp "$ROOT/LICENSE" "$root/" && mkdir -p "$root/share/doc/qemu-$target" || exit 1
        cp "$ROOT"/docs/*.md "$root/share/doc/qemu-$target/"
        rm -rf "$root/lib"
        tar -C "$STAGE/tar" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner -cf - "$name" | gzip -9n >"$OUT/$name.tar.gz" || die "cannot write $name.tar.gz"
    done
}

pack() {
    local kind
    if [ -n "${SUITE_BIN:-}" ]; then TOOLS=$(cd "$SUITE_BIN" && pwd -P) || exit 1; else build; TOOLS=$BIN; fi
    mkdir -p "$OUT" || exit 1
    rm -f "$OUT"/*.deb "$OUT"/*.rpm "$OUT"/*.tar.gz "$OUT"/SHA256SUMS
    stage_all
    for kind in "${@:-deb}"; do
        case $kind in
            deb) build_debs ;;
            rpm) build_rpms ;;
            tar) build_tars ;;
        esac
    done
    (cd "$OUT" && sha256sum -- *.deb *.rpm *.tar.gz 2>/dev/null | LC_ALL=C sort -k2 >SHA256SUMS)
    say "packages of version $VERSION: $OUT ($(wc -l <"$OUT/SHA256SUMS") files)"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    for kind in "$@"; do
        case $kind in deb | rpm | tar) ;; *) say "usage: ./pack.sh [deb|rpm|tar]..."; exit 1 ;; esac
    done
    if [ $# = 0 ]; then pack deb rpm tar; else pack "$@"; fi
fi
