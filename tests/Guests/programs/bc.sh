# needs: bc
echo 'scale=60; a(1)*4; sqrt(2); e(1)' | bc -l
echo '2^500; 3^200 % 1000007; obase=16; 2^64-1' | bc
