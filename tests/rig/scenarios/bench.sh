# dfu-util 0.11 and ours in turn on the same plugged board, 256 KiB. (chain.sh compares whole clicks.)
# What the boards saw, and how long each program took (NAME.seconds), is what scripts/bench.sh makes its tables of.
. tests/rig/scenarios/lib.sh

rounds=3
never_idle
in_memory dfu-util
mkfifo /tmp/board-commands

# timed NAME COMMAND...: adds the seconds that it took to NAME.seconds, unless it failed.
timed() {
  local name=$1 start=$EPOCHREALTIME
  shift
  "$@" >>"$out/$name.out" 2>&1 || { echo "failed: $*" >&2; tail -3 "$out/$name.out" >&2; return 0; }
  awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.3f\n", b - a }' >>"$out/$name.seconds"
}

# noise BASE SEED KIB FILE: a sketch that was linked for BASE, and noise behind it that is another for each seed.
noise() {
  { cat "tests/firmware/blink-$1.bin"; for i in 1 2 3 4; do seq "$2$i" 99999 | gzip -9n; done; } | head -c $(($3 * 1024)) >"$4"
}

# status: has the board cut its log.
status() {
  echo status >&6
  sleep 0.3
}

# in_turn NAME ADDRESS BASE [WINDOW]: WINDOW if a reset starts the bootloader, which goes on to the sketch after some seconds without a host.
in_turn() {
  local name=$1 address=$2 base=$3 window=${4:-}
  "$helper" simulate --board "$name,start=bootloader" --plug </tmp/board-commands >"$out/$name.board" 2>&1 &
  board_pid=$!
  exec 6>/tmp/board-commands
  wait_for dfu_is_there
  sleep 1
  status
  for round in $(seq "$rounds"); do
    if [ "$window" ]; then
      echo reset >&6
      sleep 1
      wait_for dfu_is_there
      status
    fi
    noise "$base" "1$round" 256 /tmp/a.bin
    noise "$base" "2$round" 256 /tmp/b.bin
    timed "$name-theirs" dfu-util -d 0483:df11 -a 0 -s "$address" -D /tmp/a.bin
    status
    timed "$name-ours" "$helper" upload --offset "$address" --no-leave /tmp/b.bin
    status
  done
  unplug
  exec 6>&-
}

in_turn f4rom 0x08000000 08000000
in_turn f4boot 0x08004000 08004000 window
