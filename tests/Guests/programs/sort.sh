# needs: sort uniq seq md5sum shuf
seq 1 20000 | awk '{ print ($1 * 7919) % 20011 }' | sort -n | md5sum
seq 1 20000 | awk '{ print "k" ($1 * 7919) % 101, $1 }' | sort -k1,1 -k2,2nr | uniq -c -w4 | head -5
seq 1 5000 | sort -R --random-source=<(yes) | sort -rn --parallel=2 | tail -3
printf 'b\na\nC\n' | sort -f
