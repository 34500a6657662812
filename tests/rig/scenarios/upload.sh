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

# Into the bootloader in ROM: by the library's rule, and by that of pull request 3063.
for sketch in rom-magic rom-touch; do
  upload "blackpill-$sketch" "blackpill-f411,sketch=$sketch" 0x08000000 tests/firmware/blink-08000000.bin
done

# A sketch without a way into the ROM: nobody presses a button; and a user holds BOOT0 as soon as the output asks for it.
plain=blackpill-f411,sketch=stm32core-plain
called blackpill-waits "$plain" upload --port /dev/ttyACM0 --offset 0x08000000 tests/firmware/blink-08000000.bin --timeout 3
with_boot0 blackpill-boot0 "$plain" "$uploader" upload --port /dev/ttyACM0 --offset 0x08000000 tests/firmware/blink-08000000.bin --wait-port yes
