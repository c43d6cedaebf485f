# needs: seq md5sum sha256sum base64 od factor numfmt dd tac nl comm join paste split expr date
seq 1 5000 | md5sum; seq 1 5000 | sha256sum; seq 1 5000 | sha1sum; seq 1 50 | base64 | tail -2; seq 1 20 | od -c | tail -3; factor 1234567890123 600851475143
date -u -d @1000000000 '+%F %T %A'; numfmt --to=iec 123456789; dd if=/dev/zero bs=1k count=64 2>/dev/null | wc -c; seq 1 5 | tac; printf 'a\nb\n' | nl
join <(printf '1 a\n2 b\n') <(printf '1 x\n2 y\n'); seq 1 100 | split -l 40 - part; wc -l part*; expr 6 \* 7; printf '%s\n' b a | sort | comm - <(echo a); seq 10 | paste - - ; sum part* | head -1
stat -c '%s %F' part*; mktemp -u XXXX | wc -c; truncate -s 1M big; du -k --apparent-size big; tail -c 5 part*; head -n -95 <(seq 100); sync; nproc | grep -c '[0-9]'; id -u; uname -sm; printf 'x%.0s' {1..10}; echo
