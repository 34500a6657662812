# Real dfu-util 0.11 lists, writes and starts boards with other ROMs and with clones of them; then ours writes the same image.
. tests/rig/scenarios/lib.sh

# judge NAME BOARD IDS IMAGE [OPTION...]: the options are ours.
judge() {
  local name=$1 board=$2 ids=$3 image=$4
  shift 4
  cp "$image" "$out/$name.image"
  board "$name" "$board,start=empty,sketch=none,flash=$out/$name.flash"
  wait_for on_the_bus "$ids"
  step "$name-list" dfu-util -l
  step "$name-write" dfu-util -d "$ids" -a 0 -s 0x08000000:leave -D "$image"
  sleep 1
  unplug

  board "$name-ours" "$board,start=bootloader,sketch=none,flash=$out/$name.flash-ours"
  wait_for on_the_bus "$ids"
  step "$name-ours" "$helper" upload --offset 0 "$image" "$@"
  sleep 1
  unplug
}

# part STACK FILE: 64 KiB for a part whose RAM ends at the stack pointer, four bytes in printf's notation.
part() {
  large 08000000 "$2"
  printf "$1" | dd of="$2" conv=notrunc status=none
}

part '\x00\x40\x00\x20' /tmp/f072.bin
part '\x00\x50\x00\x20' /tmp/l083.bin
part '\x00\x80\x00\x20' /tmp/g431.bin
part '\x6f\x00\x00\x00\x01\x00\x00\x00' /tmp/riscv.bin
judge f072 f072-rom 0483:df11 /tmp/f072.bin
judge l083 f072-rom,chip=l083 0483:df11 /tmp/l083.bin
judge g431 g431-rom 0483:df11 /tmp/g431.bin
judge c562 g431-rom,chip=c562 0483:df11 /tmp/g431.bin
judge at32 at32f415 2e3c:df11 /tmp/g431.bin
judge gd32 gd32vf103 28e9:0189 /tmp/riscv.bin --chip gd32vf103
judge gd32-old gd32vf103,rom=0100 28e9:0189 /tmp/riscv.bin --chip gd32vf103
