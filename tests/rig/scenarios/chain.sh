# From the click to the running sketch: ours, and the steps of the old chain, by turns on the same boards.
. tests/rig/scenarios/lib.sh

rounds=3
now() { date +%s%N; }
new_sketch_answers() { port_is_there && [ "$(greeting)" = "sketch blink" ]; }

# timed NAME BOARD COMMAND...: NAME.ms says how long it took until the new sketch answered behind its port; when the magic
# came and the new sketch enumerated stands in NAME.board.
timed() {
  local name=$1 board=$2 start
  shift 2
  board "$name" "$board,flash=$out/$name.flash"
  wait_for port_is_there
  start=$(now)
  step "$name" "$@"
  wait_for new_sketch_answers
  echo $((($(now) - start) / 1000000)) >"$out/$name.ms"
  unplug
  wait_for port_is_gone
}

# old_chain IDS ALT FILE OPTION...: reset, pause, dfu-util, and the wait for the port, as maple_upload and upload-reset have
# them; and up to five tries of dfu-util, as stm32duino's maple_upload has them, but not again after a success. grep reads to the
# end: a pipe that it has closed would end dfu-util before the reset of the board.
old_chain() {
  local ids=$1 alt=$2 file=$3
  shift 3
  perl tests/rig/upload-reset.pl /dev/ttyACM0
  sleep 0.75
  for _ in 1 2 3 4 5; do
    dfu-util -d "$ids" -a "$alt" -D "$file" "$@" | tee /dev/stderr | grep "File downloaded successfully\|Download done" >/dev/null && break
  done
  for _ in $(seq 40); do
    port_is_there && break
    sleep 0.1
  done
}

small=tests/firmware/blink-08002000.bin
large=$out/large.bin
small_ram 08002000 30001 "$large"
largest=$out/largest.bin
small_ram 08002000 65536 "$largest"
f4=tests/firmware/blink-08004000.bin

never_idle
in_memory dfu-util perl timeout bash stty head tee grep

for round in $(seq $rounds); do
  timed "maple20-small-ours-$round" maple20 "$helper" ttyACM0 2 1EAF:0003 $small
  timed "maple20-small-old-$round" maple20 old_chain 1EAF:0003 2 $small -R
  timed "maple20-large-ours-$round" maple20 "$helper" ttyACM0 2 1EAF:0003 "$large"
  timed "maple20-large-old-$round" maple20 old_chain 1EAF:0003 2 "$large" -R
  timed "maple20-64k-ours-$round" maple20 "$helper" ttyACM0 2 1EAF:0003 "$largest"
  timed "maple20-64k-old-$round" maple20 old_chain 1EAF:0003 2 "$largest" -R
  timed "f4boot-small-ours-$round" f4boot,sketch=stm32generic "$helper" ttyACM0 0x4000 $f4
  timed "f4boot-small-old-$round" f4boot,sketch=stm32generic old_chain 0483:df11 0 $f4 -s 0x08004000:leave
  step "ours-alone-$round" bash -c "start=\$(date +%s%N); '$helper' --version; echo \$(((\$(date +%s%N) - start) / 1000000)) >'$out/ours-alone-$round.ms'"
done
