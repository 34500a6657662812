# DfuSe files, written by real dfu-util 0.11 and by ours: a sketch, and one of three elements with gaps between.
. tests/rig/scenarios/lib.sh

both() {
  local name=$1 board=$2 file=$3
  board "$name-theirs" "$board,start=empty,flash=$out/$name.theirs"
  wait_for dfu_is_there
  step "$name-theirs" dfu-util -d 0483:df11 -a 0 -D "$file"
  unplug

  board "$name-ours" "$board,start=empty,flash=$out/$name.ours"
  wait_for dfu_is_there
  step "$name-ours" "$helper" upload "$file" --no-leave
  unplug
}

both sketch f4boot tests/firmware/blink-08004000.dfu
both elements f4boot tests/corpus/good/flash.dfu
both rom f4rom tests/firmware/blink-08000000.dfu
