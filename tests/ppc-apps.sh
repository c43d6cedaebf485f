#!/usr/bin/env bash
# Cross-builds real programs from Debian's sources for 32-bit PowerPC, runs them under qemu-ppc and compares with native builds of the same
# sources, or with programs of this machine. Slow (several minutes the first time), so not part of test.sh.
#
#   tests/ppc-apps.sh [FOLDER]      FOLDER keeps sources and builds (default: out/ppc-apps); SUITE_BIN chooses the tools' folder
#
# The last line reads "N passed, N failed". System settings are not touched: the package lists with sources are kept in FOLDER.

. "$(dirname -- "${BASH_SOURCE[0]}")/../build.sh"

WORK=${1:-$ROOT/out/ppc-apps}
EMULATOR=${SUITE_BIN:-$BIN}/qemu-ppc
CROSS=powerpc-linux-gnu
PASSED=0 FAILED=0
PACKAGES="lua5.4 zlib bzip2 sqlite3 busybox dash"

# check NAME COMMAND...: one result line. The command's output is kept in FOLDER/log/NAME.
check() {
    local name=$1 begin=${EPOCHREALTIME/[.,]/}
    shift
    if (cd "$WORK/run" && exec timeout 300 "$@") </dev/null >"$WORK/log/$name" 2>&1; then
        PASSED=$((PASSED + 1))
        printf 'ok      %-28s %6d ms\n' "$name" $(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
    else
        FAILED=$((FAILED + 1))
        printf 'NOT OK  %-28s %s\n' "$name" "$(tail -n 1 "$WORK/log/$name" | cut -c 1-120)"
    fi
}

# same NAME NATIVE-COMMAND GUEST-COMMAND: two shell commands that have to print the same and end the same way.
same() {
    check "$1" bash -c '
        bash -c "$1" >native.out 2>native.err; a=$?
        bash -c "$2" >guest.out 2>guest.err; b=$?
        [ $a = $b ] || { echo "exit $a natively, $b under qemu-ppc: $(tail -n 1 guest.err)"; exit 1; }
        cmp native.out guest.out || { diff native.out guest.out | head -n 5; exit 1; }' - "$2" "$3"
}

# apt for source packages, with lists of its own.
source_apt() {
    apt-get -q -o Dir::Etc::SourceList="$WORK/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists="$WORK/apt/lists" \
        -o Dir::Cache="$WORK/apt/cache" -o APT::Sandbox::User=root "$@"
}

fetch() {
    local package mirror codename
    mkdir -p "$WORK/apt/lists/partial" "$WORK/apt/cache/archives/partial" "$WORK/source"
    for package in $PACKAGES; do compgen -G "$WORK/source/${package}_*.orig.tar.*" >/dev/null || break; done
    compgen -G "$WORK/source/${package}_*.orig.tar.*" >/dev/null && return
    codename=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
    mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null |
        sed -n 's/^URIs: *\([^ ]*\/debian\)\/* *$/\1/p; s/^deb \(\[[^]]*\] \)*\([^ ]*\/debian\)\/* .*/\2/p' | head -n 1)
    printf 'deb-src %s %s main\n' "${mirror:-http://deb.debian.org/debian}" "$codename" >"$WORK/apt/sources.list"
    say "fetching sources: $PACKAGES"
    source_apt update >&2 || die "apt-get update with source packages failed"
    (cd "$WORK/source" && source_apt source --download-only $PACKAGES >&2) || die "apt-get source failed"
}

# unpack PACKAGE FOLDER: fails when the folder is there already.
unpack() {
    [ ! -d "$2" ] || return 1
    mkdir -p "$2.new" && tar -xf "$(ls "$WORK/source/$1"_*.orig.tar.* | grep -v '\.asc$' | head -n 1)" -C "$2.new" --strip-components=1 && mv "$2.new" "$2"
}

# build_one NAME COMMAND...: runs in a fresh tree of the package for one of the two machines; the log tells why it failed.
build_one() {
    local package=$1 target=$2 tree="$WORK/build/$1-$2" log="$WORK/log/build-$1-$2"
    shift 2
    [ ! -e "$tree/.built" ] || return 0
    rm -rf "$tree"
    unpack "$package" "$tree" || die "cannot unpack $package"
    say "building $package ($target)"
    if (cd "$tree" && "$@") >"$log" 2>&1; then touch "$tree/.built"; else say "building $package ($target) failed: $log"; return 1; fi
}

# Each is called with the prefix of the compilers and how to link.
build_lua() { $1gcc -std=gnu99 -O2 -DLUA_USE_POSIX $2 -o lua $(ls src/*.c | grep -v 'luac\.c') -lm; }
build_zlib() { CC=$1gcc ./configure --static && $1gcc -O2 -w $2 -o minigzip test/minigzip.c *.c && $1gcc -O2 -w $2 -o example test/example.c *.c; }
build_bzip2() { $1gcc -O2 -w $2 -D_FILE_OFFSET_BITS=64 -o bzip2 bzip2.c blocksort.c huffman.c crctable.c randtable.c compress.c decompress.c bzlib.c; }
build_sqlite() {
    ./configure ${1:+--host=${1%-}} --disable-tcl --disable-readline --disable-shared CC="$1gcc" && make sqlite3.c shell.c &&
        $1gcc -O2 $2 -DSQLITE_THREADSAFE=1 -DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_RTREE -o sqlite3 shell.c sqlite3.c -lm -lpthread
}
build_dash() { ./configure ${1:+--host=${1%-}} CC="$1gcc" CC_FOR_BUILD=gcc CFLAGS=-O2 LDFLAGS="$2" && make; }
build_busybox() {
    local static
    make ARCH=powerpc CROSS_COMPILE=$1 defconfig
    [ "$2" = -static ] && static=y || static=n
    sed -i "s/.*CONFIG_STATIC[ =].*/CONFIG_STATIC=$static/; s/^CONFIG_TC=y/CONFIG_TC=n/" .config
    yes '' | make ARCH=powerpc CROSS_COMPILE=$1 oldconfig && make -j"$(nproc)" ARCH=powerpc CROSS_COMPILE=$1 busybox
}

build_all() {
    local name
    for name in lua zlib bzip2 sqlite dash; do
        local package=$name
        case $name in lua) package=lua5.4 ;; sqlite) package=sqlite3 ;; esac
        build_one $package static "build_$name" $CROSS- -static
        build_one $package dynamic "build_$name" $CROSS- ""
        [ $name = dash ] || build_one $package native "build_$name" "" ""
    done
    build_one busybox static build_busybox $CROSS- -static
    build_one busybox dynamic build_busybox $CROSS- ""
}

prepare_data() {
    cd "$WORK/run" || die "no folder $WORK/run"
    [ -s data ] || cat "$(command -v python3)" "$(command -v bash)" "$WORK"/source/*.dsc | head -c 3000000 >data
    [ -e tree/zlib/zlib.h ] || (rm -rf tree && mkdir tree && unpack zlib tree/zlib) || die "cannot unpack zlib"
    cat >test.lua <<'END'
local t = {}
for i = 1, 100000 do t[#t + 1] = (i * 7919) % 65537 end
table.sort(t)
local s = 0
for _, v in ipairs(t) do s = (s * 31 + v) % 1000003 end
print(s, #t)
print(string.format("%.14g %a %x %q", math.pi * 1e10, 0.1, 255, 1 / 3), 1 // 0.0, -7 // 2, 7.5 % 2, 2 ^ 0.5, math.tointeger(3.0))
print(string.pack(">I4i8d", 1, -2, 3.5):byte(1, -1))
print(string.pack("<I4i8d", 1, -2, 3.5):byte(1, -1))
local co = coroutine.wrap(function() for i = 1, 5 do coroutine.yield(i * i) end end)
print(co(), co(), co())
print(("x"):rep(10), ("hello world"):gsub("o", "0"), os.time { year = 2020, month = 1, day = 1, hour = 12 })
local f = 0
for i = 1, 300000 do f = f + math.sin(i) * math.sqrt(i) end
print(string.format("%.10g", f))
print(math.maxinteger + 1 == math.mininteger, 5 // 0.3, -5 % 0.3, 1e15 // 1, string.format("%d %5.2f %g", 2^53, -0.005, 1e300 * 1e10))
print(pcall(function() local x = nil; return x.y end))
print(select("#", table.unpack({ 1, 2, nil, 4 }, 1, 4)), #arg, os.getenv("NOTHING"))
END
    cat >test.sql <<'END'
CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT, x REAL, b BLOB);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
INSERT INTO t SELECT i, 'name' || (i * 7919 % 10007), i / 3.0, zeroblob(i % 50) FROM n;
CREATE INDEX ix ON t(name);
SELECT count(*), sum(id), round(sum(x), 6), max(length(b)) FROM t;
SELECT name, count(*) c, group_concat(id) FROM t GROUP BY name ORDER BY c DESC, name LIMIT 5;
UPDATE t SET x = x * 2 WHERE id % 7 = 0;
DELETE FROM t WHERE id % 11 = 3;
SELECT count(*), total(x), avg(x), printf('%.12e', 1.0 / 3) FROM t;
CREATE VIRTUAL TABLE f USING fts5(body);
INSERT INTO f SELECT name || ' of row ' || id FROM t WHERE id < 500;
SELECT rowid, body FROM f WHERE f MATCH 'row AND name7' OR rowid = 5 LIMIT 5;
CREATE VIRTUAL TABLE r USING rtree(id, x0, x1, y0, y1);
INSERT INTO r SELECT id, id % 100, id % 100 + 1, id / 100, id / 100 + 1 FROM t;
SELECT count(*) FROM r WHERE x0 > 10 AND x1 < 30 AND y0 > 50;
SELECT json_extract('{"a":[1,2.5,"x"],"b":{"c":null}}', '$.a[1]'), hex(zeroblob(2)), quote(x'0001ff'), typeof(9223372036854775807 + 1);
SELECT strftime('%Y-%m-%d %H:%M:%f', 1234567890.5, 'unixepoch'), julianday('2000-01-01');
PRAGMA integrity_check;
VACUUM;
SELECT count(*) FROM sqlite_master;
END
    # Not .dump: it prints 20 digits, of which the last ones depend on what a long double is.
    printf "SELECT id, name, printf('%%.14e', x), hex(b) FROM t;\nSELECT type, name, sql FROM sqlite_master;\n" >query.sql
    cat >test.sh <<'END'
i=0; s=0
while [ $i -lt 3000 ]; do i=$((i + 1)); s=$((s + i * i % 13)); done
echo $s
for x in 1 2 3; do (exit $x) & wait $!; echo $?; done
f() { local v=$1; [ $v -le 1 ] && { echo 1; return; }; echo $((v * $(f $((v - 1))))); }
f 10
trap 'echo trapped' USR1; kill -USR1 $$
echo one two three | while read a b; do echo "$b/$a"; done
case abc in a*) echo matched ;; esac
cat <<EOF | sort -r | head -n 2
$(printf '%s\n' b a c)
EOF
exec 3>file; echo through >&3; exec 3>&-; cat file; rm file
set -- a "b c" d; echo "$# $2 $*"
sleep 0.01 & wait; echo ${UNSET:-default} ${#s}
END
}

applets() {
    local b="$EMULATOR $WORK/build/busybox-$1/busybox" n=busybox-$1
    same "$n-sha256" "sha256sum <data" "$b sha256sum <data"
    same "$n-md5" "md5sum <data" "$b md5sum <data"
    same "$n-gunzip" "cat data" "gzip -9 <data | $b gunzip"
    same "$n-gzip" "cat data" "$b gzip <data | gunzip"
    same "$n-bunzip2" "cat data" "bzip2 <data | $b bunzip2"
    same "$n-unxz" "cat data" "xz -1 <data | $b unxz"
    same "$n-awk" "awk 'BEGIN{for(i=1;i<60000;i++){s+=sqrt(i)*i%7;h[i%101]+=i};printf \"%.10f %d\n\",s,h[7]}'" \
        "$b awk 'BEGIN{for(i=1;i<60000;i++){s+=sqrt(i)*i%7;h[i%101]+=i};printf \"%.10f %d\n\",s,h[7]}'"
    same "$n-awk-libm" "awk 'BEGIN{for(i=1;i<60000;i++)s+=sin(i)*exp(i/60000)+atan2(i,7);printf \"%.9f\n\",s}'" \
        "$b awk 'BEGIN{for(i=1;i<60000;i++)s+=sin(i)*exp(i/60000)+atan2(i,7);printf \"%.9f\n\",s}'"
    same "$n-sort" "seq 20000 | awk '{print \$1*7919%10007}' | sort -n | uniq -c | tail" "$b seq 20000 | $b awk '{print \$1*7919%10007}' | $b sort -n | $b uniq -c | $b tail"
    same "$n-sed" "sed -n 's/^#define *\([A-Z_]*\).*/\1/p' tree/zlib/zlib.h" "$b sed -n 's/^#define *\([A-Z_]*\).*/\1/p' tree/zlib/zlib.h"
    same "$n-grep" "cd tree && grep -rn inflate . | sort" "cd tree && $b grep -rn inflate . | sort"
    same "$n-find" "cd tree && find . -type f -name '*.c' -size +10k | sort" "cd tree && $b find . -type f -name '*.c' -size +10k | sort"
    same "$n-tar" "tar -cf - tree | tar -tf - | sort" "$b tar -cf - tree | tar -tf - | sort"
    same "$n-ls" "cd tree/zlib && ls -ln --time-style=+ | awk 'NR>1{print \$1,\$3,\$4,\$5,\$6}'" "cd tree/zlib && $b ls -ln | awk 'NR>1{print \$1,\$3,\$4,\$5,\$9}'"
    same "$n-dd" "dd if=data bs=1000 skip=5 count=100 2>/dev/null | cksum" "$b dd if=data bs=1000 skip=5 count=100 2>/dev/null | $b cksum"
    same "$n-bc" "echo 'scale=60; 4*a(1); 2^200; sqrt(2)' | bc -l" "echo 'scale=60; 4*a(1); 2^200; sqrt(2)' | $b bc -l"
    same "$n-vi-less-pipeline" "seq 5000 | tr 1-5 a-e | cut -c 1-3 | sort -u | wc -l" "$b sh -c 'seq 5000 | tr 1-5 a-e | cut -c 1-3 | sort -u | wc -l'"
    same "$n-sh" "dash test.sh" "$b sh test.sh"
    same "$n-date" "TZ=Europe/Berlin date -d @1234567890 '+%F %T %Z'" "TZ=CET-1CEST,M3.5.0,M10.5.0/3 $b date -d @1234567890 '+%F %T %Z'"
}

run_all() {
    local kind d="$WORK/build"
    for kind in static dynamic; do
        same "lua-$kind" "$d/lua5.4-native/lua test.lua" "$EMULATOR $d/lua5.4-$kind/lua test.lua"
        check "zlib-example-$kind" $EMULATOR "$d/zlib-$kind/example"
        same "zlib-deflate-$kind" "$d/zlib-native/minigzip -9 <data | tail -c +11" "$EMULATOR $d/zlib-$kind/minigzip -9 <data | tail -c +11"
        same "zlib-inflate-$kind" "cat data" "gzip -6 <data | $EMULATOR $d/zlib-$kind/minigzip -d"
        same "bzip2-$kind" "$d/bzip2-native/bzip2 -9 <data" "$EMULATOR $d/bzip2-$kind/bzip2 -9 <data"
        same "bzip2-d-$kind" "cat data" "$d/bzip2-native/bzip2 <data | $EMULATOR $d/bzip2-$kind/bzip2 -d"
        same "sqlite-memory-$kind" "$d/sqlite3-native/sqlite3 :memory: <test.sql" "$EMULATOR $d/sqlite3-$kind/sqlite3 :memory: <test.sql"
        same "sqlite-file-$kind" "rm -f n.db; $d/sqlite3-native/sqlite3 n.db <test.sql; cksum <n.db" "rm -f g.db; $EMULATOR $d/sqlite3-$kind/sqlite3 g.db <test.sql; cksum <g.db"
        same "sqlite-exchange-$kind" "$d/sqlite3-native/sqlite3 n.db <query.sql" "$EMULATOR $d/sqlite3-$kind/sqlite3 n.db <query.sql"
        same "dash-$kind" "dash test.sh" "$EMULATOR $d/dash-$kind/src/dash test.sh"
        applets $kind
    done
}

[ -x "$EMULATOR" ] || build
[ -x "$EMULATOR" ] || die "there is no $EMULATOR"
need $CROSS-gcc:gcc-powerpc-linux-gnu /usr/$CROSS/include/stdlib.h:libc6-dev-powerpc-cross gcc:gcc make:make tclsh:tcl xz:xz-utils bzip2:bzip2 gzip:gzip bc:bc dash:dash python3:python3 ||
    die "the programs above are needed"
mkdir -p "$WORK/log" "$WORK/run" "$WORK/build"
WORK=$(cd "$WORK" && pwd -P)
export LC_ALL=C TZ=UTC
fetch
build_all
prepare_data
run_all
printf '\n%d passed, %d failed\n' $PASSED $FAILED
[ $FAILED = 0 ]
