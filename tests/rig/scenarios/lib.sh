# What the scenarios share. They run in the rig, in the repository; results go to /rig-out as NAME.out and NAME.status.
helper=$PWD/artifacts/publish/linux-x64/upload-helper
uploader=$helper
out=/rig-out

# board NAME OPTIONS: plugs a virtual board in; its log is NAME.board.
board() {
  "$helper" simulate --board "$2" --plug </dev/null >"$out/$1.board" 2>&1 &
  board_pid=$!
}

# board_with_buttons NAME OPTIONS: the same, and "press" takes commands for it.
board_with_buttons() {
  coproc buttons { exec "$helper" simulate --board "$2" --plug >"$out/$1.board" 2>&1; }
  board_pid=$buttons_PID
}

# press COMMAND: types a command of the simulation, "reset" or "boot0".
press() { echo "$1" >&"${buttons[1]}"; }

# wait_for COMMAND...: until it succeeds, for 30 s of the machine's time at most.
wait_for() {
  for _ in $(seq 300); do
    "$@" >/dev/null 2>&1 && return
    sleep 0.1
  done
  echo "never: $*" >&2
  return 1
}

# on_the_bus VENDOR:PRODUCT: by the kernel's files, without a process.
on_the_bus() {
  local file vendor product
  for file in /sys/bus/usb/devices/*/idVendor; do
    read -r vendor <"$file" && read -r product <"${file%Vendor}Product" && [ "$vendor:$product" = "$1" ] && return
  done 2>/dev/null
  return 1
}

# never_idle: has something run whenever nothing else does. So the machine's clock counts instructions alone, and what is measured
# is the same however busy the host is; while the machine is idle, its clock goes with the host's (scripts/rig.sh).
never_idle() { chrt --idle 0 bash -c 'while :; do :; done' & }

# in_memory PROGRAM...: reads the programs, ours too, and their libraries, so that nothing waits for the host's disk later.
in_memory() {
  local program
  for program in "$helper" $(type -P "$@"); do
    cat "$program" $(ldd "$program" | grep -o '/[^ ]*')
  done >/dev/null 2>&1
}

dfu_is_there() { on_the_bus 0483:df11; }

# unplug: ends the board; its log closes with the summary.
unplug() {
  kill -TERM "$board_pid"
  wait "$board_pid"
}

# step NAME COMMAND...: runs it and keeps what it says.
step() {
  local name=$1
  shift
  "$@" >"$out/$name.out" 2>&1
  echo $? >"$out/$name.status"
}

# large BASE FILE: 64 KiB of noise behind a sketch that was linked for BASE (hexadecimal, 8 digits).
large() {
  { cat "tests/firmware/blink-$1.bin"; seq 1 20000 | sha512sum | cut -c1-64; seq 1 60000 | gzip -9n; seq 1 30000 | gzip -9n; } | head -c 65536 >"$2"
}

# small_ram BASE SIZE FILE: the same for a part with 20 KiB of RAM, and shorter.
small_ram() {
  large "$1" "$3"
  truncate -s "$2" "$3"
  printf '\x00\x50\x00\x20' | dd of="$3" conv=notrunc status=none
}

port_is_there() { [ -c /dev/ttyACM0 ]; }
port_is_gone() { [ ! -e /dev/ttyACM0 ]; }

# greeting: what the sketch behind the port prints when it is opened. Opened for reading only: a shell that wants to write
# makes a file of that name if the port is just going.
greeting() { timeout 10 bash -c 'exec 4</dev/ttyACM0; stty raw -echo <&4; head -n 1 <&4'; }

# greet NAME: keeps it as NAME-greeting.
greet() { step "$1-greeting" greeting; }

# upload NAME BOARD OFFSET IMAGE: $uploader goes from the running sketch to the new one, in today's shape.
upload() { called "$1" "$2" upload --port /dev/ttyACM0 --offset "$3" "$4" --wait-port yes; }

# called NAME BOARD ARGUMENT...: the same with $uploader called in any shape.
called() {
  local name=$1 board=$2
  shift 2
  from_sketch_to_sketch "$name" "$board" "$uploader" "$@"
}

# from_sketch_to_sketch NAME BOARD COMMAND...: a board whose old sketch runs, and a command that brings the new one. NAME.port
# says what port there is then, NAME-greeting what the sketch behind it prints when it is opened, and NAME-speed at which speed the
# next program opens it.
from_sketch_to_sketch() {
  local name=$1 board=$2
  shift 2
  board "$name" "$board,flash=$out/$name.flash"
  wait_for port_is_there
  step "$name" "$@"
  look_at_sketch "$name"
}

# with_boot0 NAME BOARD COMMAND...: the same for an old sketch that has no way into the ROM; a user holds BOOT0 while pressing RESET as
# soon as the output asks for that.
with_boot0() {
  local name=$1 board=$2 running
  shift 2
  board_with_buttons "$name" "$board,flash=$out/$name.flash"
  wait_for port_is_there
  step "$name" "$@" &
  running=$!
  while kill -0 "$running" 2>/dev/null && ! grep -q 'press RESET on the board now' "$out/$name.out" 2>/dev/null; do
    sleep 0.1
  done
  press boot0
  wait "$running"
  look_at_sketch "$name"
}

# look_at_sketch NAME: what there is after the command; then the board is unplugged.
look_at_sketch() {
  ls /dev/ttyACM0 >"$out/$1.port" 2>&1
  wait_for port_is_there
  greet "$1"
  step "$1-speed" stty -F /dev/ttyACM0 speed
  unplug
  wait_for port_is_gone
}
