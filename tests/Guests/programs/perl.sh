# needs: perl
perl -e 'use strict; my %h; $h{$_ % 97} += $_ for 1..20000; print join(",", map { "$_=$h{$_}" } sort { $a <=> $b } keys %h), "\n";'
perl -MList::Util=sum,shuffle -MPOSIX=floor -e 'print sum(map { floor(sqrt($_)) } 1..1000), "\n"; my $s = "abc" x 1000; $s =~ s/(b)(c)/$2$1/g; print length($s), substr($s, 0, 9), "\n"; printf "%.15g\n", sin(1) ** 2 + cos(1) ** 2;'
perl -e 'pipe(R, W); my $p = fork; if (!$p) { close R; print W "child\n"; exit 3 } close W; print <R>; waitpid $p, 0; print $? >> 8, "\n"; $SIG{ALRM} = sub { die "alarm\n" }; eval { alarm 1; select undef, undef, undef, 5; }; print $@; print `echo from a shell`;'
perl -MDigest::MD5=md5_hex -MTime::HiRes -e 'print md5_hex("x" x 100000), "\n"; my @a = map { [$_, $_ ** 2 % 31] } 1..200; print join(" ", map { $_->[0] } (sort { $a->[1] <=> $b->[1] || $a->[0] <=> $b->[0] } @a)[0..9]), "\n"'
