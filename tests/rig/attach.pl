# Has this machine's kernel take the board that "upload-helper simulate --listen 127.0.0.1:PORT" offers: perl attach.pl PORT
# (Linux, Documentation/usb/usbip_protocol.rst: OP_REQ_IMPORT; then vhci_hcd has the connection.)
use strict;
use IO::Socket::INET;

my $line = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$ARGV[0]") or die "cannot connect: $!\n";
binmode $line;
syswrite $line, pack("nnNa32", 0x0111, 0x8003, 0, "1-1");
my $answer = receive(8);
my (undef, undef, $status) = unpack "nnN", $answer;
die "the board is not there\n" if $status != 0;
my (undef, undef, $bus, $number, $speed) = unpack "a256a32NNN", receive(312);
open my $vhci, ">", "/sys/devices/platform/vhci_hcd.0/attach" or die "cannot open vhci_hcd: $!\n";
syswrite($vhci, join " ", 0, fileno($line), $bus << 16 | $number, $speed) or die "vhci_hcd: $!\n";

sub receive {
  my ($length) = @_;
  my $bytes = "";
  while (length $bytes < $length) {
    sysread($line, $bytes, $length - length $bytes, length $bytes) or die "the connection has ended\n";
  }
  $bytes;
}
