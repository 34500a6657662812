# The default build and one on LibUsbDotNet upload in turns, to the same board: libusbdotnet.sh EXECUTABLE
. tests/rig/scenarios/lib.sh
default=$uploader

for round in 1 2; do
  for sketch in libmaple-f4 stm32generic; do
    uploader=$default upload "libusb-$sketch-$round" "f4boot,sketch=$sketch" 0x4000 tests/firmware/blink-08004000.bin
    uploader=$1 upload "libusbdotnet-$sketch-$round" "f4boot,sketch=$sketch" 0x4000 tests/firmware/blink-08004000.bin
  done
done
