#!/usr/bin/env bash
# Builds every tool of the suite into out/bin/, installing first what the build needs and the machine lacks.
#
#   ./build.sh            build what changed
#   ./build.sh --force    build even when nothing changed
#
# Everything said goes to stderr: run.sh hands stdout to the tool it starts. run.sh and test.sh source this file for its functions.

ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
BIN="$ROOT/out/bin"

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
export DOTNET_GENERATE_ASPNET_CERTIFICATE=false DOTNET_CLI_WORKLOAD_UPDATE_NOTIFY_DISABLE=true
export DOTNET_CLI_USE_MSBUILD_SERVER=0 MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_UI_LANGUAGE=en
# A compiler server that outlives the script can keep a CI job's pipes open.
[ -z "${CI:-}" ] || export UseSharedCompilation=false

say() { printf '%s\n' "$*" >&2; }

die() { say "error: $*"; exit 1; }

# need_sdk: finds the .NET SDK, also in the places its installer uses without changing PATH.
need_sdk() {
    command -v dotnet >/dev/null && return
    local dir
    for dir in "${DOTNET_ROOT:-}" "$HOME/.dotnet" /usr/share/dotnet /usr/lib/dotnet; do
        if [ -n "$dir" ] && [ -x "$dir/dotnet" ]; then PATH="$dir:$PATH"; return; fi
    done
    die "the .NET 10 SDK is needed and no 'dotnet' was found; install it (https://dotnet.microsoft.com/download) or add it to PATH"
}

# apt_install PACKAGE...: as root or through sudo; fails, with the reason said, when neither is possible.
apt_install() {
    local sudo=()
    command -v apt-get >/dev/null || { say "missing: $* (no apt-get here; please install them by hand)"; return 1; }
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || { say "missing: $* (install them: apt-get install $*)"; return 1; }
        sudo=(sudo)
        [ -t 0 ] || sudo+=(-n)
    fi
    say "installing: $*"
    if [ -z "${APT_UPDATED:-}" ]; then
        "${sudo[@]}" apt-get update -qq </dev/null >&2 || say "note: apt-get update failed; trying with the package lists at hand"
        APT_UPDATED=1
    fi
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" </dev/null >&2
}

# missing THING:PACKAGE...: prints the packages whose thing (a command, or a file by absolute path) is not there.
missing() {
    local entry thing
    for entry in "$@"; do
        thing=${entry%%:*}
        case $thing in
            /*) [ -e "$thing" ] ;;
            *) command -v "$thing" >/dev/null ;;
        esac || printf '%s\n' "${entry#*:}"
    done | sort -u
}

# need THING:PACKAGE...: installs what is missing.
need() {
    local packages
    mapfile -t packages < <(missing "$@")
    [ ${#packages[@]} = 0 ] || apt_install "${packages[@]}"
}

# The content of everything a tool is made of. Hashing (30 ms) instead of times: a checkout changes times, a deletion changes none.
sources_hash() {
    cd "$ROOT" || return
    find tools shared build.sh global.json Directory.*.props \( -name bin -o -name obj \) -prune -o -type f -print0 |
        LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1
}

all_tools() {
    local project
    for project in "$ROOT"/tools/*/*.csproj; do basename "$project" .csproj; done
}

is_built() {
    local tool
    [ "$(cat "$ROOT/out/stamp" 2>/dev/null)" = "$1" ] || return 1
    for tool in $(all_tools); do [ -x "$BIN/$tool" ] || return 1; done
}

publish_tool() {
    local tool=$1 log="$ROOT/out/log/$1.log" begin=$SECONDS
    say "building $tool (NativeAOT) ..."
    if ! dotnet publish "$ROOT/tools/$tool/$tool.csproj" -c Release -v q -o "$ROOT/out/publish/$tool" </dev/null >"$log" 2>&1; then
        cat "$log" >&2
        die "building $tool failed (log: $log)"
    fi
    # Renamed into place: a running copy keeps its file.
    cp "$ROOT/out/publish/$tool/$tool" "$BIN/.$tool.new" && mv -f "$BIN/.$tool.new" "$BIN/$tool" || die "cannot write $BIN/$tool"
    say "built out/bin/$tool in $((SECONDS - begin)) s"
}

# The system emulators are the user-mode tools under another name.
link_system_names() {
    local target
    for target in i386 x86_64 ppc; do ln -sfn "qemu-$target" "$BIN/qemu-system-$target"; done
}

# build [--force]: out/bin/ is up to date afterwards, or the script has ended with the reason.
build() {
    local hash tool
    hash=$(sources_hash)
    [ "${1:-}" != --force ] && is_built "$hash" && return
    need_sdk
    need gcc:gcc lld:lld objcopy:binutils /usr/include/zlib.h:zlib1g-dev /usr/include/stdlib.h:libc6-dev ||
        die "the build cannot go on without the packages above"
    mkdir -p "$BIN" "$ROOT/out/log"
    (
        # Two scripts started at once (a test beside a run) build one after the other.
        command -v flock >/dev/null && flock 9
        [ "${1:-}" != --force ] && is_built "$hash" && exit
        for tool in $(all_tools); do publish_tool "$tool"; done
        link_system_names
        printf '%s\n' "$hash" >"$ROOT/out/stamp"
    ) 9>"$ROOT/out/lock" || exit 1
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    case ${1:-} in
        '' | --force) build "$@"; say "up to date: out/bin/ ($(all_tools | tr '\n' ' ' | sed 's/ $//'))" ;;
        *) say "usage: ./build.sh [--force]"; exit 1 ;;
    esac
fi
