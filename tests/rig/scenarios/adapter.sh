# A serial adapter (CH343) at a blue pill, behind the kernel's own serial driver: real stm32flash 0.7 and ours, by turns, reset the board
# into its ROM with DTR (NRST) and RTS (BOOT0), and write a sketch.
. tests/rig/scenarios/lib.sh

entry=rts,dtr,-dtr
exit=-rts,dtr,-dtr
port=/dev/ttyACM0
small_ram 08000000 16384 /tmp/sketch.bin
cp /tmp/sketch.bin "$out/sketch.bin"
never_idle
in_memory stm32flash

# through NAME LATENCY COMMAND...: NAME.seconds is how long the command took.
through() {
  local name=$1 start
  board "$name" "bluepill,adapter=$2,nrst=dtr,boot0=rts,flash=$out/$name.flash"
  shift 2
  wait_for port_is_there
  start=$EPOCHREALTIME
  step "$name" "$@"
  awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.3f\n", b - a }' >"$out/$name.seconds"
  unplug
  wait_for port_is_gone
}

theirs() { through "theirs-$1" "$2" stm32flash -b "$3" -i "$entry:$exit" -w /tmp/sketch.bin -v -R "$port"; }
ours() { through "ours-$1" "$2" "$helper" upload --uart --port "$port" --baud-rate "$3" --reset-sequence "$entry" --offset 0 /tmp/sketch.bin; }

for tool in theirs ours; do
  "$tool" fast 1 115200
  "$tool" slow 1 57600
  "$tool" late 16 115200
done
through without-parity 1 stm32flash -b 115200 -m 8n1 -i "$entry" -r /dev/null "$port"
