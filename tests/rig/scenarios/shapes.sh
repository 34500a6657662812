# Boards called as maple_loader and the maple_upload scripts were, and by hand: shapes.sh [more]
# Each kind of board and each kind of shape once; with "more", those that are left.
. tests/rig/scenarios/lib.sh

f4=tests/firmware/blink-08004000
rom=tests/firmware/blink-08000000
alt2=tests/firmware/blink-08002000
alt1=tests/firmware/blink-08005000
maple_f4=tests/firmware/blink-maple-f4
ide="/opt/Arduino 1.8.19"

if [ "${1:-}" != more ]; then
  called f4boot-six f4boot ttyACM0 0 0483:DF11 $f4.bin "$ide" 0x08004000
  called f4rom-five-0x f4rom /dev/ttyACM0 0 0x0483 0xdf11 $rom.hex
  called maple20-alt2-ide maple20 /dev/ttyACM0 2 0x1EAF:0x0003 $alt2.bin "$ide"
  called maple20-alt2-by-hand maple20 /dev/ttyACM0 0x2000 $alt2.bin
  called maple20-alt1-four maple20 ttyACM0 1 1EAF:0003 $alt1.bin
  called maple-orig-five maple-orig /dev/ttyACM0 1 0x1EAF 0x0003 $alt1.bin
  called maple-f4-six maple-f4 ttyACM0 1 1EAF:0003 $maple_f4.bin "$ide" 0x08010000
  exit
fi

called f4boot-by-hand f4boot /dev/ttyACM0 0x4000 $f4.bin
called f4rom-five f4rom ttyACM0 0 0483 DF11 $rom.hex
called f4rom-four f4rom ttyACM0 0 0x0483:0xDF11 $rom.hex
called f4rom-ide f4rom /dev/ttyACM0 0 0483:df11 $rom.hex "$ide"
called f4rom-six f4rom ttyACM0 0 0483:DF11 $rom.bin "$ide" 8000000
upload f4rom-new f4rom 0x08000000 $rom.bin
called maple20-alt2-four maple20 ttyACM0 2 1EAF:0003 $alt2.bin
called maple20-alt2-five maple20 ttyACM0 2 0x1EAF 0x0003 $alt2.bin
called maple20-alt1-five maple20 /dev/ttyACM0 1 1EAF 0003 $alt1.bin
called maple-orig-four maple-orig ttyACM0 1 1EAF:0003 $alt1.bin "$ide"
called maple-orig-new maple-orig upload --port /dev/ttyACM0 --usb-id 1EAF:0003 --alt 1 $alt1.bin
called maple-f4-five maple-f4 /dev/ttyACM0 1 1EAF 0003 $maple_f4.bin
called maple-f4-new maple-f4 upload --port /dev/ttyACM0 --usb-id 1EAF:0003 --alt 1 --offset 0x10000 $maple_f4.bin
