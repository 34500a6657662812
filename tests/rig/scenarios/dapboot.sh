# Real dfu-util 0.11 writes and reads each dapboot: the judge of the virtual board. Then ours writes the same image.
. tests/rig/scenarios/lib.sh

dapboot_is_there() { on_the_bus 1209:db42; }

# judge NAME BOARD ALT OFFSET IMAGE [DFU-UTIL-OPTION...]: the options are for leaving.
judge() {
  local name=$1 board=$2 alt=$3 offset=$4 image=$5
  shift 5
  cp "$image" "$out/$name.image"
  board "$name" "$board,start=empty,flash=$out/$name.flash"
  wait_for dapboot_is_there
  step "$name-list" dfu-util -l
  step "$name-write" dfu-util -d 1209:db42 -a "$alt" -D "$image" "$@"
  wait_for port_is_there
  greet "$name"
  unplug
  wait_for port_is_gone

  board "$name-again" "$board,start=bootloader,flash=$out/$name.flash"
  wait_for dapboot_is_there
  step "$name-read" dfu-util -d 1209:db42 -a "$alt" -U "$out/$name.read"
  step "$name-ours-verify" "$helper" verify --offset "$offset" "$image"
  unplug

  board "$name-ours" "$board,start=empty,flash=$out/$name.flash-ours"
  wait_for dapboot_is_there
  step "$name-ours" "$helper" upload --offset "$offset" "$image"
  wait_for port_is_there
  greet "$name-ours"
  unplug
  wait_for port_is_gone
}

# detach NAME SKETCH COMMAND...: from a sketch in DFU run-time mode to the new one.
detach() {
  local name=$1 sketch=$2
  shift 2
  board "$name" "dapboot,sketch=$sketch,flash=$out/$name.flash"
  wait_for port_is_there
  step "$name-list" dfu-util -l
  step "$name" "$@"
  wait_for port_is_there
  greet "$name"
  unplug
  wait_for port_is_gone
}

large 08002000 /tmp/low.bin
small_ram 08000000 49152 /tmp/high.bin
judge dapboot dapboot 0 0x2000 /tmp/low.bin
judge dapboot-tolerant dapboot,boot=tolerant 0 0x2000 /tmp/low.bin -R
# dfu-util reads up to 128 KiB, which a smaller part does not have: there the bootloader hangs.
judge dapboot-high dapboot,boot=high-128 0 0 /tmp/high.bin
judge dapboot-skr dapboot,boot=skr 2 0x2000 /tmp/low.bin -R

detach runtime-dfu-util dfu-runtime dfu-util -d 1209:0001,1209:db42 -a 0 -D /tmp/low.bin
detach runtime-id dfu-runtime "$helper" upload --usb-id 1209:0001,1209:db42 --offset 0x2000 /tmp/low.bin
detach runtime-reset dfu-runtime-reset "$helper" upload --detach --offset 0x2000 /tmp/low.bin

# One that is not named is left alone.
board runtime-unnamed dapboot,sketch=dfu-runtime
wait_for port_is_there
step runtime-unnamed "$helper" upload --offset 0x2000 --timeout 2 /tmp/low.bin
unplug
