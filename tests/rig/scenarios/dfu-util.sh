# Real dfu-util 0.11 lists, writes and reads each DfuSe board: the judge of the virtual board. Then ours writes the same image.
. tests/rig/scenarios/lib.sh

# judge NAME ADDRESS IMAGE [DFU-UTIL-OPTION...]: the options are for leaving.
judge() {
  local name=$1 address=$2 image=$3 size flash=$out/$1.flash
  shift 3
  size=$(stat -c %s "$image")
  cp "$image" "$out/$name.image"

  board "$name" "$name,start=empty,flash=$flash"
  wait_for dfu_is_there
  step "$name-list" dfu-util -l
  step "$name-write" dfu-util -d 0483:df11 -a 0 -s "$address${leave-:leave}" -D "$image" "$@"
  sleep 1
  unplug

  board "$name-again" "$name,start=bootloader,flash=$flash"
  wait_for dfu_is_there
  step "$name-read" dfu-util -d 0483:df11 -a 0 -s "$address:$size" -U "$out/$name.read"
  step "$name-ours-read" "$helper" read "$address" "$size" "$out/$name.read-ours.bin"
  step "$name-ours-verify" "$helper" verify --offset "$address" "$image"
  unplug

  board "$name-ours" "$name,start=bootloader,flash=$out/$name.flash-ours"
  wait_for dfu_is_there
  step "$name-ours" "$helper" upload --offset "$address" "$image"
  sleep 1
  unplug
}

# The other memory of the DSO Nano.
judge_spi() {
  local size=100000
  large 08004000 /tmp/spi-1
  cat /tmp/spi-1 /tmp/spi-1 | head -c "$size" >"$out/spi.image"
  board spi "dsonano,start=bootloader,spi=$out/spi.flash"
  wait_for dfu_is_there
  step spi-write dfu-util -d 0483:df11 -a 1 -s 0x00010000 -D "$out/spi.image"
  step spi-read dfu-util -d 0483:df11 -a 1 -s "0x00010000:$size" -U "$out/spi.read"
  unplug
}

for case in f4boot:08004000 f4boot-old:08010000 f4rom:08000000 l496:08000000 h747:08000000; do
  base=${case#*:}
  large "$base" "/tmp/large-$base.bin"
  judge "${case%:*}" "0x$base" "/tmp/large-$base.bin"
done

small_ram 08004000 65536 /tmp/dsonano.bin
judge dsonano 0x08004000 /tmp/dsonano.bin
small_ram 08000000 49152 /tmp/h0wch33.bin
leave= judge h0wch33 0x08000000 /tmp/h0wch33.bin -R
judge_spi
