# Fixed work for perl, as scripts do it: numbers, texts, hashes, sorting, subroutines, regular expressions.
use strict;
use warnings;

sub fibonacci { my $n = shift; return $n < 2 ? $n : fibonacci($n - 1) + fibonacci($n - 2) }

my $total = 0;
for my $round (1 .. $ARGV[0]) {
  my %count;
  my @words = map { sprintf 'w%x', ($round + $_ * 7919) % 1500 } 1 .. 15000;
  $count{$_}++ for @words;
  $total += $count{$_} * length for (sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count)[0 .. 400];
  my $text = join ' ', @words;
  $total++ while $text =~ /w[0-9a-f]*[a-f]\b/g;
  (my $changed = $text) =~ s/(\d+)/$1 * 2/ge;
  $total += length $changed;
  my @sieve = (1) x 15000;
  for my $i (2 .. $#sieve) {
    next unless $sieve[$i];
    $total += $i;
    for (my $k = $i * 2; $k < @sieve; $k += $i) { $sieve[$k] = 0 }
  }
  $total += fibonacci(16);
  $total += unpack '%32C*', join ',', reverse split / /, $text;
}
print "$total\n";
