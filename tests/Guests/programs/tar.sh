# needs: tar gzip cmp md5sum
mkdir src; for i in 1 2 3 4 5; do seq 1 $((i * 2000)) > src/f$i; done
tar --sort=name --mtime=2020-01-01 --owner=0 --group=0 --numeric-owner -cf a.tar src
md5sum a.tar; gzip -9n < a.tar > a.tar.gz; gzip -dc a.tar.gz | cmp - a.tar && echo same
mkdir out; tar -xzf a.tar.gz -C out; diff -r src out/src && echo identical
tar -tzf a.tar.gz; head -c 500 a.tar.gz | gzip -dc > /dev/null; echo "truncated: $?"
