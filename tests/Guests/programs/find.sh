# needs: find xargs wc
for i in 1 2 3; do mkdir -p tree/$i/x; for j in a b c; do echo "$i$j" > tree/$i/x/$j.txt; done; done
find tree -name '*.txt' | sort
find tree -type f -print0 | sort -z | xargs -0 -n 2 -P 2 wc -c | sort
find tree -name 'b*' -exec cat {} \; | sort
find tree -type d -empty -o -name a.txt -delete; find tree -type f | wc -l
