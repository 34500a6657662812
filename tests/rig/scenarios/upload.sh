# The executable takes the sketch behind /dev/ttyACM0 to a new one, with /dev/ttyACM0 back.
. tests/rig/scenarios/lib.sh

for sketch in libmaple-f4 stm32generic libmaple-f1; do
  upload "f4boot-$sketch" "f4boot,sketch=$sketch" 0x4000 tests/firmware/blink-08004000.bin
  upload "f4rom-$sketch" "f4rom,sketch=$sketch" 0x08000000 tests/firmware/blink-08000000.bin
done
for sketch in libmaple-f4 libmaple-f1; do
  upload "f4boot-old-$sketch" "f4boot-old,sketch=$sketch" 0x10000 tests/firmware/blink-08010000.bin
done
upload refused f4boot 0 tests/firmware/blink-08000000.bin

