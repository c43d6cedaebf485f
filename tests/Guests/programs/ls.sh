# needs: ls touch
# ls -l on a directory made with fixed names, sizes, modes and times.
umask 022
mkdir d; cd d
printf 'hello' > a; printf '' > empty; mkdir sub; ln -s a link
for i in 1 2 3 4 5; do head -c $((i * 100)) /dev/zero > file$i; done
chmod 640 file1; chmod 755 file2
touch -d '2020-02-02 02:02:02' a empty file* ; touch -h -d '2021-01-01' link; touch -d '2019-05-05' sub
ls -ln --time-style=full-iso | sed 1d | cut -d' ' -f1,3-
ls -lnS file*; ls -1R; ls nothing; echo "status $?"
