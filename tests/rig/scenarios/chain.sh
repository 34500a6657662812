# From the click to the running sketch: ours, and the steps of the old chain, on the same boards.
. tests/rig/scenarios/lib.sh

now() { date +%s%N; }
new_sketch_answers() { port_is_there && [ "$(greeting)" = "sketch blink" ]; }

# timed NAME BOARD COMMAND...: NAME.ms says how long it took until the new sketch answered behind its port.
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
# them; and up to five tries of dfu-util, as stm32duino's maple_upload has them, but not again after a success.
old_chain() {
  local ids=$1 alt=$2 file=$3
  shift 3
  perl tests/rig/upload-reset.pl /dev/ttyACM0
  sleep 0.75
  for _ in 1 2 3 4 5; do
    dfu-util -d "$ids" -a "$alt" -D "$file" "$@" | tee /dev/stderr | grep -q "File downloaded successfully" && break
  done
  for _ in $(seq 40); do
    port_is_there && break
    sleep 0.1
  done
}

started=$(now)
step ours-alone "$helper" --version
echo $((($(now) - started) / 1000000)) >"$out/ours-alone.ms"

f4=tests/firmware/blink-08004000.bin
timed f4boot-ours f4boot,sketch=stm32generic "$helper" ttyACM0 0x4000 $f4
timed f4boot-old-chain f4boot,sketch=stm32generic old_chain 0483:df11 0 $f4 -s 0x08004000:leave

maple=tests/firmware/blink-08002000.bin
timed maple20-ours maple20 "$helper" ttyACM0 2 1EAF:0003 $maple
timed maple20-old-chain maple20 old_chain 1EAF:0003 2 $maple -R
