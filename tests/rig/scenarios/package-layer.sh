# The default build and one on LibUsbDotNet and System.IO.Ports upload in turns, to the same board: package-layer.sh EXECUTABLE
. tests/rig/scenarios/lib.sh
default=$uploader

for round in 1 2; do
  for sketch in libmaple-f4 stm32generic; do
    uploader=$default upload "native-$sketch-$round" "f4boot,sketch=$sketch" 0x4000 tests/firmware/blink-08004000.bin
    uploader=$1 upload "packages-$sketch-$round" "f4boot,sketch=$sketch" 0x4000 tests/firmware/blink-08004000.bin
  done
done
