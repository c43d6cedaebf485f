# needs: sed awk grep tr cut seq
# sed, awk and grep over generated text.
seq 1 3000 | awk '{ printf "line %d of text, value %d\n", $1, $1 * $1 % 997 }' > t
sed -n '10,15p; s/value \([0-9]*\)/[\1]/; 100p' t
sed -E 's/(line) ([0-9]+)/\2 \1/; /7$/d' t | tail -3
grep -c '7$' t; grep -nE 'value (5|11)$' t | head; grep -v -i LINE t; echo "grep $?"
awk '{ s += $NF; n[$NF % 10]++ } END { print s; for (i = 0; i < 10; i++) print i, n[i]; printf "%.10f\n", atan2(1, 2) + exp(1) + sqrt(2) }' t
tr -d '0-8' < t | tr -s ' ' | cut -d' ' -f2 | sort | uniq -c | head -5
grep -oP '(?<=of )\w+' t | sort -u
