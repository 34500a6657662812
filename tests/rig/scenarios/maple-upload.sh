# The executable takes the sketch behind /dev/ttyACM0 to a new one through each Maple bootloader, whatever core the old one has.
. tests/rig/scenarios/lib.sh

firmware=tests/firmware
called maple20-upload-2 maple20 upload --port /dev/ttyACM0 --offset 0x2000 $firmware/blink-08002000.bin --wait-port yes
called maple20-upload-1 maple20 upload --port /dev/ttyACM0 --offset 0x5000 $firmware/blink-08005000.bin --wait-port yes
called maple20-upload-old-shape maple20 ttyACM0 2 1EAF:0003 $firmware/blink-08002000.bin
# Old sketches print all the time: a fresh terminal would send it back to them.
for sketch in libmaple-f4 libmaple-f1 libmaple-f1-old touch1200; do
  called "maple20-upload-$sketch" "maple20,sketch=$sketch,prints=yes" upload --port /dev/ttyACM0 --offset 0x2000 $firmware/blink-08002000.bin --wait-port yes
done
# These leave no flag, and F4Bootloader needs none.
for sketch in stm32generic usbcomposite stm32core; do
  called "f4boot-upload-$sketch" "f4boot,sketch=$sketch,prints=yes" upload --port /dev/ttyACM0 --offset 0x4000 $firmware/blink-08004000.bin --wait-port yes
done
called maple-orig-upload maple-orig upload --port /dev/ttyACM0 --offset 0x5000 $firmware/blink-08005000.bin --wait-port yes
called maple-orig-upload-old-shape maple-orig ttyACM0 1 1EAF 0003 $firmware/blink-08005000.bin
called maple-f4-upload maple-f4 upload --port /dev/ttyACM0 --offset 0x10000 $firmware/blink-maple-f4.bin --wait-port yes
called maple20-refused maple20 upload --port /dev/ttyACM0 --offset 0x2000 --alt 1 $firmware/blink-08002000.bin --wait-port yes
