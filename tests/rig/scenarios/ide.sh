# Arduino IDE 1.8 compiles a sketch for a core with our overlay and presses Upload.
. tests/rig/scenarios/lib.sh

sketchbook=/tmp/sketchbook
tests/arduino/sketchbook.sh "$sketchbook" >"$out/sketchbook.out" 2>&1
# Without the IDE's own cores and tools: its builder looks at each of their files dozens of times, and one of Debian's links
# leads to all of /bin, which takes minutes over 9p.
mkdir -p /tmp/hardware/tools/avr
cp -L /usr/share/arduino/hardware/*.* /tmp/hardware/
mount --bind /tmp/hardware /usr/share/arduino/hardware
Xvfb :7 -screen 0 1024x768x16 >"$out/xvfb.out" 2>&1 &
export DISPLAY=:7

# press_upload NAME BOARD: what the button does; what was compiled is kept as NAME.image.
press_upload() {
  local built=/tmp/built/$1 status
  arduino --upload --board "test:$2" --port /dev/ttyACM0 --pref "sketchbook.path=$sketchbook" --pref "build.path=$built" -v "$sketchbook/Blink/Blink.ino"
  status=$?
  cp "$built/Blink.ino.bin" "$out/$1.image"
  return "$status"
}

# click NAME VIRTUAL-BOARD BOARD: for a board whose old sketch runs.
click() { from_sketch_to_sketch "$1" "$2" press_upload "$1" "$3"; }

f4=STM32F4:generic_f407v:upload_method
click f4boot f4boot "$f4=F4BootMethod"
click f4rom f4rom "$f4=RomMethod"
click maple20-alt2 maple20 STM32F1:genericSTM32F103C:upload_method=DFUUploadMethod
click maple20-alt1 maple20 STM32F1:mapleMini:bootloader_version=original
click maple-orig maple-orig STM32F1:mapleMini:bootloader_version=original
click maple-f4 maple-f4 "$f4=MapleF4Method"
click oneclick blackpill-f411 STM32F4:blackpill_f411:upload_method=RomMethod
with_boot0 oneclick-boot0 blackpill-f411,sketch=stm32core-plain press_upload oneclick-boot0 STM32F4:blackpill_f411:upload_method=RomMethod
click wrong-board maple20 "$f4=F4BootMethod"
click elsewhere f4rom "$f4=ElsewhereMethod"
click empty f4rom "$f4=EmptyMethod"
step no-board press_upload no-board "$f4=F4BootMethod"
