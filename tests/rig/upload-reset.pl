# What the old chain's upload-reset and maple_loader do to a port: perl upload-reset.pl PORT
use strict;
use Fcntl;
use Time::HiRes qw(sleep);

my ($BIS, $BIC, $DTR, $RTS) = (0x5416, 0x5417, 0x002, 0x004);
my ($port) = @ARGV;
system("stty", "-F", $port, "9600", "raw", "-echo") == 0 or die "stty failed\n";
sysopen(my $line, $port, O_RDWR | O_NOCTTY) or die "$port: $!\n";
sub lines { my ($request, $bits) = @_; ioctl($line, $request, pack("i", $bits)) or die "ioctl: $!\n" }

lines($BIC, $RTS);
lines($BIC, $DTR);
lines($BIS, $DTR);
sleep 0.05;
lines($BIC, $DTR);
lines($BIS, $RTS);
lines($BIS, $DTR);
sleep 0.05;
lines($BIC, $DTR);
sleep 0.05;
syswrite($line, "1EAF");
sleep 0.05;
