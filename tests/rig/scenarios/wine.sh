# The Windows executable under Wine on a real serial port: wine.sh PREFIX. The kernel has the sketch, whose port is COM7 there;
# the bootloader is reached by the stand-ins for USB libraries next to the executable. These boards' bootloaders stay for the flag
# that the sketch leaves.
. tests/rig/scenarios/lib.sh
port=3240
export WINEPREFIX=$1 WINEDEBUG=-all LC_ALL=C.UTF-8 STUB_USBIP=$port

# windows NAME BOARD DRIVER FOLDER ARGUMENT...
windows() {
  local name=$1 board=$2 folder=$4
  export STUB_DRIVER=$3
  shift 4
  "$helper" simulate --board "$board,flash=$out/$name.flash" --listen 127.0.0.1:$port </dev/null >"$out/$name.board" 2>&1 &
  board_pid=$!
  wait_for perl tests/rig/attach.pl $port
  wait_for port_is_there
  step "$name" wine "$WINEPREFIX/drive_c/$folder/upload-helper.exe" "$@"
  unplug
  wait_for port_is_gone
}

windows maple maple20 libusb0 maple COM7 2 1EAF:0003 'C:\maple\Blink.bin'
windows f4boot-old f4boot-old,sketch=libmaple-f4 WinUSB 'Programme für Arduino' upload 'C:\Programme für Arduino\Blinklicht grün 2.bin' \
  --port COM7 --offset 0x10000 --wait-port no
