#!/usr/bin/env bash
# A Debian userland of the i386 architecture under qemu-i386, compared with the processor running it: the same programs natively in a chroot,
# under the tool with -L, and under the tool in the chroot, where children stay emulated. Slow (it downloads 150 MB the first time); not part of test.sh.
#
#   tests/i386-userland.sh                 all programs, both ways; needs root, for the chroot
#   tests/i386-userland.sh -k NAME         only programs whose name contains NAME
#   SUITE_SYSROOT=DIR, SUITE_BIN=DIR       other places than out/sysroot-i386 and out/bin

. "$(dirname -- "${BASH_SOURCE[0]}")/../build.sh"

SYSROOT=${SUITE_SYSROOT:-$ROOT/out/sysroot-i386}
TOOL=${SUITE_BIN:-$BIN}/qemu-i386
WORK=$ROOT/out/userland-i386
PACKAGES=bash,coreutils,python3,perl,sqlite3,git,gcc,libc6-dev,make,lua5.4,gawk,bc
RELEASE=bookworm
ONLY=''
CHROOT=$(PATH=$PATH:/usr/sbin:/sbin command -v chroot)
PASSED=0 FAILED=0

# make_sysroot: the packages with all they depend on, unpacked; none of their scripts runs.
make_sysroot() {
    [ ! -e "$SYSROOT/.done" ] || return 0
    need debootstrap:debootstrap dpkg-deb:dpkg || die "cannot make a sysroot without debootstrap; install it, or set SUITE_SYSROOT to an unpacked Debian i386 system"
    say "downloading a Debian $RELEASE i386 userland into $SYSROOT ..."
    mkdir -p "$SYSROOT" || exit 1
    debootstrap --download-only --arch=i386 --variant=minbase --include="$PACKAGES" "$RELEASE" "$SYSROOT" >"$SYSROOT.log" 2>&1 ||
        die "debootstrap failed (log: $SYSROOT.log)"
    local archive link
    for archive in "$SYSROOT"/var/cache/apt/archives/*.deb; do
        dpkg-deb -x "$archive" "$SYSROOT" || die "cannot unpack $archive"
        rm -f "$archive"
    done
    for link in bin sbin lib; do [ -e "$SYSROOT/$link" ] || ln -s "usr/$link" "$SYSROOT/$link"; done
    # What a package's scripts would have set up.
    ln -sf gawk "$SYSROOT/usr/bin/awk"
    printf 'root:x:0:0:root:/root:/bin/bash\n' >"$SYSROOT/etc/passwd"
    touch "$SYSROOT/.done"
}

enter_sysroot() {
    [ "$(id -u)" = 0 ] || return 1
    mkdir -p "$SYSROOT/.suite" && cp "$TOOL" "$SYSROOT/.suite/qemu-i386" || return 1
    mount --bind /proc "$SYSROOT/proc" && mount --bind /dev "$SYSROOT/dev" || return 1
    trap 'umount "$SYSROOT/proc" "$SYSROOT/dev"' EXIT
}

# case_file NAME: standard input becomes /tmp/NAME inside.
case_file() {
    mkdir -p "$SYSROOT/tmp"
    cat >"$SYSROOT/tmp/$1"
}

# clean: each run starts in an empty /tmp/work.
clean() {
    rm -rf "$SYSROOT/tmp/work"
    mkdir -p "$SYSROOT/tmp/work"
}

verdict() {
    local name=$1 native=$2 status=$3
    if [ "$native" = "$status" ] && cmp -s "$WORK/$name.native" "$WORK/$name.ours"; then
        PASSED=$((PASSED + 1))
        printf 'ok      %-28s %5s ms\n' "$name" "$4"
    else
        FAILED=$((FAILED + 1))
        printf 'FAILED  %-28s native %s, ours %s\n' "$name" "$native" "$status"
        diff "$WORK/$name.native" "$WORK/$name.ours" | head -n 5 | sed 's/^/        /'
        tail -n 3 "$WORK/$name.err" | sed 's/^/        /'
    fi
}

milliseconds() { printf '%d' $(($(date +%s%N) / 1000000)); }

# t NAME PROGRAM ARGUMENTS...: PROGRAM is a path in the sysroot.
t() {
    local name=$1 native ours begin
    shift
    case $name in *"$ONLY"*) ;; *) return ;; esac
    clean
    (cd / && timeout 120 env -i "${VARIABLES[@]}" "$CHROOT" "$SYSROOT" "$@" </dev/null >"$WORK/$name.native" 2>/dev/null)
    native=$?
    clean
    begin=$(milliseconds)
    timeout 300 env -i "${VARIABLES[@]}" "$CHROOT" "$SYSROOT" /.suite/qemu-i386 "$@" </dev/null >"$WORK/$name.ours" 2>"$WORK/$name.err"
    ours=$?
    verdict "$name" $native $ours $(($(milliseconds) - begin))
}

# l NAME PROGRAM ARGUMENTS...: as t, but ours runs outside, with -L. For programs that start no others and name no paths.
l() {
    local name=$1 native ours begin
    shift
    case $name in *"$ONLY"*) ;; *) return ;; esac
    (cd / && timeout 120 env -i "${VARIABLES[@]}" "$CHROOT" "$SYSROOT" "$@" </dev/null >"$WORK/$name.native" 2>/dev/null)
    native=$?
    begin=$(milliseconds)
    (cd / && timeout 300 env -i "${VARIABLES[@]}" "$TOOL" -L "$SYSROOT" "$SYSROOT$1" "${@:2}" </dev/null >"$WORK/$name.ours" 2>"$WORK/$name.err")
    ours=$?
    verdict "$name" $native $ours $(($(milliseconds) - begin))
}

VARIABLES=(PATH=/usr/bin:/bin HOME=/tmp/work LC_ALL=C TZ=UTC GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' GIT_COMMITTER_DATE='2020-01-01T00:00:00Z'
    GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b PYTHONHASHSEED=0 PERL_HASH_SEED=0)

write_cases() {
    case_file numbers.py <<'P'
import collections, decimal, hashlib, itertools, json, math, random, re, struct, zlib
random.seed(7)
d = [random.random() for _ in range(20000)]
print(sum(d), math.fsum(d), sorted(d)[:2])
decimal.getcontext().prec = 200
print(decimal.Decimal(2).sqrt(), 2**2000 % 10**50, math.factorial(300) % (10**30 + 57))
print(hashlib.sha256(json.dumps(list(range(5000))).encode()).hexdigest(), zlib.crc32(b'x' * 99999))
print(len(re.findall(r'(\d+)-(\w+)', ' '.join('%d-w%d' % (i, i) for i in range(3000)))), struct.pack('<dfq', math.pi, 1.5, -1).hex())
print([math.sin(i / 7) * math.exp(-i / 9) + math.atan2(i, 3) for i in range(5)], float('1e-310'), 0.1 + 0.2, struct.calcsize('P'))
print(collections.Counter(itertools.chain(*(str(i) for i in range(3000)))).most_common(3))
P
    case_file system.py <<'P'
import asyncio, fcntl, mmap, os, select, signal, socket, subprocess, sys, tempfile, threading, time
results = []
threads = [threading.Thread(target=lambda i=i: results.append(sum(range(i * 1000)))) for i in range(20)]
[t.start() for t in threads]; [t.join() for t in threads]
print(sorted(results)[-1])
pid = os.fork()
if pid == 0:
    os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
got = []
signal.signal(signal.SIGALRM, lambda s, f: got.append(s))
signal.setitimer(signal.ITIMER_REAL, 0.05)
time.sleep(0.2)
print(got)
server = socket.create_server(('127.0.0.1', 0))
client = socket.create_connection(server.getsockname())
peer, _ = server.accept()
client.sendall(b'over tcp' * 1000)
client.shutdown(socket.SHUT_WR)
print(sum(len(c) for c in iter(lambda: peer.recv(4096), b'')))
print(client.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE), client.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
a, b = socket.socketpair()
socket.send_fds(a, [b'x'], [a.fileno()])
print(len(socket.recv_fds(b, 10, 4)[1]))
poll = select.epoll(); poll.register(b, select.EPOLLIN); a.send(b'y'); print([e for _, e in poll.poll(1)])
print(select.select([b], [], [], 1)[0] == [b])
with tempfile.TemporaryFile() as f:
    f.truncate(5 << 30); f.seek(5 << 30); f.write(b'large'); f.flush()
    print(os.fstat(f.fileno()).st_size, os.pread(f.fileno(), 9, 5 << 30))
    fcntl.lockf(f, fcntl.LOCK_EX)
    m = mmap.mmap(f.fileno(), 5, offset=5 << 30); print(m[:])
print(subprocess.run(['/bin/sh', '-c', 'echo from a child; exit 3'], capture_output=True))
async def ticks():
    await asyncio.gather(*(asyncio.sleep(0.01 * i) for i in range(5)))
    p = await asyncio.create_subprocess_exec('/bin/cat', stdin=-1, stdout=-1)
    return (await p.communicate(b'through cat'))[0]
print(asyncio.run(ticks()))
st = os.stat('/etc/passwd'); print(oct(st.st_mode), st.st_nlink, st.st_size, os.statvfs('/').f_namemax, sys.maxsize, os.uname().sysname)
print(sorted(os.listdir('/usr/share'))[:5], os.path.realpath('/proc/self/exe'))
P
    case_file query.sql <<'P'
create table t(a integer primary key, b text, c real);
with recursive n(i) as (select 1 union all select i+1 from n where i<20000) insert into t select i, hex(i*7919%65537), i*1.5/7 from n;
create index ix on t(b);
select count(*), sum(a), sum(c), min(b), max(b) from t;
select b, count(*) from t group by substr(b,1,2) order by 2 desc, 1 limit 5;
select a from t where b like '3%9' order by c desc limit 5;
P
    case_file hello.c <<'P'
#include <math.h>
#include <pthread.h>
#include <stdio.h>
static void *run(void *p) { *(double *)p = sqrt(2); return p; }
int main(void)
{
    double s = 0, r;
    pthread_t t;
    for (int i = 1; i < 1000; i++)
        s += sin(i) / i;
    pthread_create(&t, 0, run, &r);
    pthread_join(t, 0);
    long double l = 1;
    for (int i = 1; i < 25; i++)
        l *= i;
    printf("%.17g %.17g %.0Lf %d\n", s, r, l, (int)sizeof(void *));
    return 3;
}
P
    case_file repository.sh <<'P'
cd /tmp/work && git init -q -b main r && cd r || exit 1
for i in 1 2 3 4 5; do seq $((i * 100)) >file$i; git add .; git commit -q -m "commit $i"; done
git checkout -q -b side HEAD~2; echo x >>file1; git commit -q -a -m side; git merge -q -m merged main
git log --oneline --graph; git diff --stat main; git gc -q; git fsck; git count-objects -v | grep -v size; git clone -q . ../copy; git -C ../copy log -1 --format=%H
P
    case_file shell.sh <<'P'
for ((i = 0; i < 20000; i++)); do ((s += i * i % 7)); done; echo $s
a=(1 2 3); echo ${#a[@]} ${a[@]/2/x}; printf "%5.3f\n" 3.14159; (exit 5); echo $?
for i in 1 2 3 4; do (echo $i) & wait $!; done
trap "echo got" USR1; kill -USR1 $$; x=0
while read -r l; do ((x += l)); done < <(for i in {1..2000}; do echo $i; done); echo $x
ls -l /usr/lib/os-release /bin | cut -c1-10 | sort | uniq -c; find /usr/share/doc | wc -l; du -s /etc | wc -l
seq 1 5000 | sort -R --random-source=/etc/passwd | sha256sum; seq 1 100000 | sort -rn | tail -n 1; date -u -d @1000000000; id -u; df / | wc -l
yes | head -n 100000 | md5sum; stat -c '%a %F' /etc/passwd; cp -a /etc/passwd /tmp/work/p && touch -d @0 /tmp/work/p && stat -c %y /tmp/work/p; uname -s
env -i /bin/bash -c 'exec -a other /bin/bash -c "echo \$0"'; timeout 0.2 sleep 5; echo $?; mkfifo /tmp/work/f; (echo fifo >/tmp/work/f) & cat /tmp/work/f
P
}

all_cases() {
    local perl='my %h;for(1..50000){$h{$_%1013}.=chr(65+$_%26)}print join(",",map{length $h{$_}}sort{$a<=>$b}keys %h)=~tr/,//,"\n";printf "%.12f %s\n",atan2(1,1)*4,unpack("H*",pack("d>N",1.1,77));print scalar reverse("abc")=~s/b/B/r,"\n";exit 9'
    local lua='local t={} for i=1,200000 do t[#t+1]=i*1.5 end local s=0 for i,v in ipairs(t) do s=s+v%7 end print(s,#t,string.rep("ab",3),math.pi,2^53,1//0.3,7//2) print(pcall(error,"x")) os.exit(4)'
    local awk='BEGIN{for(i=0;i<30000;i++)a[i%37]+=i*sin(i);n=asorti(a,b);printf "%d %.9f %d %s\n",n,a[3],strtonum("0x1f"),toupper("x")}'
    local bc='scale=60;4*a(1);2^500;sqrt(2);e(1)'
    case_file x.bc <<<"$bc"
    l L-python /usr/bin/python3.11 -S -c 'import math,sys;print(math.pi,sys.maxsize,sum(i*i for i in range(100000)))'
    l L-perl /usr/bin/perl -we "$perl"
    l L-lua /usr/bin/lua5.4 -e "$lua"
    l L-gawk /usr/bin/gawk "$awk"
    l L-sqlite3 /usr/bin/sqlite3 :memory: 'with recursive n(i) as (select 1 union all select i+1 from n where i<5000) select sum(i*1.5) from n;'
    l L-bash /bin/bash -c 'for ((i=0;i<5000;i++)); do ((s+=i)); done; echo $s'
    l L-sha256sum /usr/bin/sha256sum /dev/null
    t bash /bin/bash /tmp/shell.sh
    t python-numbers /usr/bin/python3.11 /tmp/numbers.py
    t python-system /usr/bin/python3.11 /tmp/system.py
    t python-parser /usr/bin/python3.11 -c 'import ast,glob;print(sum(len(ast.dump(ast.parse(open(f,encoding="utf-8").read()))) for f in sorted(glob.glob("/usr/lib/python3.11/*.py"))[:40]))'
    t perl /usr/bin/perl -we "$perl"
    t perl-system /usr/bin/perl -e 'use Socket; socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0); if (!fork) { syswrite $a, "child\n"; exit 2 } print scalar <$b>; wait; print $? >> 8, "\n"; print `echo sub; exit 1`, $? >> 8, "\n"; $SIG{ALRM} = sub { print "alarm\n" }; alarm 1; select undef, undef, undef, 3; opendir D, "/usr/share"; print scalar(readdir D) ne "", "\n"; print join(",", (lstat "/etc/passwd")[2,3,7]), "\n"'
    t sqlite3 /usr/bin/sqlite3 -init /tmp/query.sql /tmp/work/db .exit
    t lua /usr/bin/lua5.4 -e "$lua"
    t gawk /usr/bin/gawk "$awk"
    t bc /usr/bin/bc -q -l /tmp/x.bc
    t git /bin/bash /tmp/repository.sh
    t gcc /bin/bash -c 'cd /tmp/work && gcc -O2 -g -o hello /tmp/hello.c -lm -pthread && ./hello; echo $?; gcc -static -O0 -o hello /tmp/hello.c -lm && ./hello; gcc -O2 -S -o - /tmp/hello.c | sha256sum'
    t many-children /bin/bash -c 'for i in {1..200}; do /bin/true || exit 1; done; /bin/ls / | /usr/bin/wc -l'
}

main() {
    case ${1:-} in
        '') ;;
        -k) [ $# = 2 ] || die "usage: tests/i386-userland.sh [-k NAME]"; ONLY=$2 ;;
        *) die "usage: tests/i386-userland.sh [-k NAME]" ;;
    esac
    [ -n "${SUITE_BIN:-}" ] || build
    [ -x "$TOOL" ] || die "$TOOL does not exist: build it (./build.sh) or set SUITE_BIN"
    mkdir -p "$WORK"
    make_sysroot
    enter_sysroot || die "this script compares inside a chroot, which only root may enter: sudo tests/i386-userland.sh"
    write_cases
    all_cases
    printf '\n%d passed, %d failed\n' $PASSED $FAILED
    [ $FAILED = 0 ]
}

main "$@"
