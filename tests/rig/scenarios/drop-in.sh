# Each line of tests/rig/dfu-util-lines.tsv by real dfu-util 0.11 and by upload-helper under its name, on the same virtual board:
# drop-in.sh [NAMES], an extended regular expression for some of them.
# NAME-theirs and NAME-ours are the steps; .flash, .new and .seconds what they left and took.
. tests/rig/scenarios/lib.sh

ours=/tmp/drop-in/dfu-util
mkdir -p /tmp/drop-in
ln -sf "$helper" "$ours"
theirs=$(command -v dfu-util)

cp tests/firmware/blink-08000000.bin /tmp/suffix.bin
dfu-suffix -v 0x0483 -p 0xdf11 -d 0xffff -a /tmp/suffix.bin >/dev/null
cp tests/firmware/blink-08000000.bin /tmp/other.bin
dfu-suffix -v 0x1234 -p 0x5678 -a /tmp/other.bin >/dev/null
echo old >/tmp/old.bin
large 08000000 /tmp/l0.bin
large 08002000 /tmp/l2000.bin
truncate -s 20000 /tmp/l2000.bin

any_dfu_is_there() { "$theirs" -l | grep -q '^Found'; }

# field NAME LIST: a field of the first board in dfu-util's list.
field() { sed -n "s/^Found.*$1=\"\\{0,1\\}\\([^,\"]*\\).*/\\1/p" <<<"$2" | head -1; }

# line NAME TOOL PROGRAM ARGUMENTS
line() {
  local name=$1-$2 arguments=$4 list start new=$out/$1-$2.new
  list=$("$theirs" -l 2>/dev/null)
  arguments=${arguments//"{path}"/$(field path "$list")}
  arguments=${arguments//"{devnum}"/$(field devnum "$list")}
  arguments=${arguments//"{serial}"/$(field serial "$list")}
  arguments=${arguments//"{new}"/$new}
  arguments=${arguments//"{old}"//tmp/old.bin}
  arguments=${arguments//"{suffix}"//tmp/suffix.bin}
  arguments=${arguments//"{other}"//tmp/other.bin}
  arguments=${arguments//"{b0}"/tests/firmware/blink-08000000.bin}
  arguments=${arguments//"{b800}"/tests/firmware/blink-08000800.bin}
  arguments=${arguments//"{l0}"//tmp/l0.bin}
  arguments=${arguments//"{l2000}"//tmp/l2000.bin}
  arguments=${arguments//"{elements.dfu}"/tests/corpus/good/flash.dfu}
  arguments=${arguments//"{b0.dfu}"/tests/firmware/blink-08000000.dfu}
  arguments=${arguments//"{b2000}"/tests/firmware/blink-08002000.bin}
  arguments=${arguments//"{b4000}"/tests/firmware/blink-08004000.bin}
  arguments=${arguments//"{b5000}"/tests/firmware/blink-08005000.bin}
  start=$EPOCHREALTIME
  eval "step $name $3 $arguments"
  awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { print b - a }' >"$out/$name.seconds"
}

# plug_in BOARDS: one, or two with " + " between.
plug_in() {
  board "$name-$tool" "${1%% + *},flash=$out/$name-$tool.flash"
  plugged=yes second=
  wait_for any_dfu_is_there
  if [[ $1 = *" + "* ]]; then
    "$helper" simulate --board "${1##* + }" --plug </dev/null >/dev/null 2>&1 &
    second=$!
    wait_for two_are_there
  fi
}

two_are_there() { [ "$("$theirs" -l | grep -o 'path="[^"]*"' | sort -u | wc -l)" = 2 ]; }

plug_out() {
  [ -z "$plugged" ] || unplug
  [ -z "$second" ] || { kill -TERM "$second" && wait "$second"; }
}

plugged= second=
while IFS=$'\t' read -r name board arguments _; do
  [[ $name =~ ^(${1:-.*})$ && $name != '#'* ]] || continue
  for tool in theirs ours; do
    [ "$board" = = ] || { plug_out; plug_in "$board"; }
    line "$name" "$tool" "${!tool}" "$arguments"
  done
done <tests/rig/dfu-util-lines.tsv
plug_out

# -w: the board comes later.
if [ -z "${1:-}" ]; then
  step wait-later "$ours" -w -d 0483:df11 -a 0 -s 0x08000000:leave -D tests/firmware/blink-08000000.bin &
  waiting=$!
  sleep 2
  board wait-later "f4rom,start=bootloader,flash=$out/wait-later.flash"
  wait "$waiting"
  unplug
fi
