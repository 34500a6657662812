# Real dfu-util 0.11 writes and reads each Maple bootloader: the judge of the virtual board. Then ours writes the same image.
. tests/rig/scenarios/lib.sh

maple_is_there() { on_the_bus 1eaf:0003; }

# judge NAME BOARD ALT OFFSET IMAGE
judge() {
  local name=$1 board=$2 alt=$3 offset=$4 image=$5
  cp "$image" "$out/$name.image"
  board "$name" "$board,start=empty,flash=$out/$name.flash"
  wait_for maple_is_there
  step "$name-list" dfu-util -l
  step "$name-write" dfu-util -d 1eaf:0003 -a "$alt" -R -D "$image"
  wait_for port_is_there
  greet "$name"
  unplug
  wait_for port_is_gone

  board "$name-again" "$board,start=bootloader,flash=$out/$name.flash"
  wait_for maple_is_there
  step "$name-read" dfu-util -d 1eaf:0003 -a "$alt" -U "$out/$name.read"
  unplug

  board "$name-ours" "$board,start=empty,flash=$out/$name.flash-ours"
  wait_for maple_is_there
  step "$name-ours" "$helper" upload --offset "$offset" "$image"
  wait_for port_is_there
  greet "$name-ours"
  unplug
  wait_for port_is_gone
}

for part in 08002000 08005000 maple-f4; do
  large "$part" "/tmp/large-$part.bin"
done

judge maple20-2 maple20 2 0x2000 /tmp/large-08002000.bin
judge maple20-1 maple20 1 0x5000 /tmp/large-08005000.bin
judge maple20-big maple20,size=512 2 0x2000 /tmp/large-08002000.bin
judge maple-orig maple-orig 1 0x5000 /tmp/large-08005000.bin
judge maple-f4 maple-f4 1 0x10000 /tmp/large-maple-f4.bin
