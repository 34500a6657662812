# The executable takes the sketch behind /dev/ttyACM0 to a new one through each Maple bootloader, whatever core the old one has.
. tests/rig/scenarios/lib.sh

# from_sketch NAME BOARD ARGUMENTS...: from the running sketch to the new one.
from_sketch() {
  local name=$1 board=$2
  shift 2
  board "$name" "$board,flash=$out/$name.flash"
  wait_for port_is_there
  step "$name" "$helper" "$@"
  ls /dev/ttyACM0 >"$out/$name.port" 2>&1
  wait_for port_is_there
  greet "$name"
  unplug
  wait_for port_is_gone
}

firmware=tests/firmware
from_sketch maple20-upload-2 maple20 upload --port /dev/ttyACM0 --offset 0x2000 $firmware/blink-08002000.bin --wait-port yes
from_sketch maple20-upload-1 maple20 upload --port /dev/ttyACM0 --offset 0x5000 $firmware/blink-08005000.bin --wait-port yes
from_sketch maple20-upload-old-shape maple20 ttyACM0 2 1EAF:0003 $firmware/blink-08002000.bin
for sketch in libmaple-f4 touch1200; do
  from_sketch "maple20-upload-$sketch" "maple20,sketch=$sketch" upload --port /dev/ttyACM0 --offset 0x2000 $firmware/blink-08002000.bin --wait-port yes
done
# These leave no flag: a Maple bootloader stays for 1.3 s then, in which a slow emulated machine may not even enumerate it.
for sketch in stm32generic usbcomposite stm32core; do
  from_sketch "f4boot-upload-$sketch" "f4boot,sketch=$sketch" upload --port /dev/ttyACM0 --offset 0x4000 $firmware/blink-08004000.bin --wait-port yes
done
from_sketch maple-orig-upload maple-orig upload --port /dev/ttyACM0 --offset 0x5000 $firmware/blink-08005000.bin --wait-port yes
from_sketch maple-orig-upload-old-shape maple-orig ttyACM0 1 1EAF 0003 $firmware/blink-08005000.bin
from_sketch maple-f4-upload maple-f4 upload --port /dev/ttyACM0 --offset 0x10000 $firmware/blink-maple-f4.bin --wait-port yes
from_sketch maple20-refused maple20 upload --port /dev/ttyACM0 --offset 0x2000 --alt 1 $firmware/blink-08002000.bin --wait-port yes
