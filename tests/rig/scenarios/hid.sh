# The executable takes the sketch behind /dev/ttyACM0 to a new one through each HID bootloader, which usbhid has first; and what a
# cancelled upload has left in the board does no harm.
. tests/rig/scenarios/lib.sh

firmware=tests/firmware
for generation in 2019 2.1 2.2.1 2.2.2; do
  upload "hid-$generation" "hid-f1,generation=$generation" 0x800 $firmware/blink-08000800.bin
done
upload hid-2.0 hid-f1,generation=2.0 0x1000 $firmware/blink-08001000.bin
upload hid-512 hid-f1,size=512 0x800 $firmware/blink-08000800.bin
upload hid-f4 hid-f4 0x4000 $firmware/blink-08004000.bin

hid_is_there() { on_the_bus 1209:beba; }

# killed NAME BOARD OFFSET BASE: an upload that is killed in the middle, and the same one again.
killed() {
  local name=$1 base=$4
  small_ram "$base" 40000 "/tmp/$name.bin"
  cp "/tmp/$name.bin" "$out/$name.image"
  board "$name" "$2,start=bootloader,flash=$out/$name.flash"
  wait_for hid_is_there
  "$uploader" upload --offset "$3" "/tmp/$name.bin" >"$out/$name-killed.out" 2>&1 &
  local pid=$!
  wait_for grep -q 'program .* 0x08002' "$out/$name.board"
  kill -KILL "$pid"
  wait "$pid"
  step "$name-list" "$helper" list
  step "$name" "$uploader" upload --offset "$3" "/tmp/$name.bin"
  unplug
}
killed killed-f1 hid-f1,generation=2.1 0x800 08000800
killed killed-512 hid-f1,size=512 0x800 08000800
