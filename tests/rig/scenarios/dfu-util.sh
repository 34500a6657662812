# Real dfu-util 0.11 lists, writes and reads each DfuSe board: the judge of the virtual board. Then ours writes the same image.
. tests/rig/scenarios/lib.sh

judge() {
  local name=$1 address=$2 image=$3 flash=$out/$1.flash
  board "$name" "$name,start=empty,flash=$flash"
  wait_for dfu_is_there
  step "$name-list" dfu-util -l
  step "$name-write" dfu-util -d 0483:df11 -a 0 -s "$address:leave" -D "$image"
  sleep 1
  unplug

  board "$name-again" "$name,start=bootloader,flash=$flash"
  wait_for dfu_is_there
  step "$name-read" dfu-util -d 0483:df11 -a 0 -s "$address:$(stat -c %s "$image")" -U "$out/$name.read"
  cp "$image" "$out/$name.image"
  unplug

  board "$name-ours" "$name,start=bootloader,flash=$out/$name.flash-ours"
  wait_for dfu_is_there
  step "$name-ours" "$helper" upload --offset "$address" "$image"
  sleep 1
  unplug
}

for case in f4boot:08004000 f4boot-old:08010000 f4rom:08000000; do
  base=${case#*:}
  large "$base" "/tmp/large-$base.bin"
  judge "${case%:*}" "0x$base" "/tmp/large-$base.bin"
done
