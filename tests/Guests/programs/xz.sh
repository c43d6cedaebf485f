# needs: xz bzip2 md5sum
seq 1 30000 > f
xz -k -2 f; bzip2 -k f; xz -dc f.xz | md5sum; bzip2 -dc f.bz2 | md5sum; xz -T2 --block-size=50000 -c f | xz -dc | cmp - f && echo same
