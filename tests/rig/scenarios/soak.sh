# Upload after upload through the kernel's USB stack on one virtual board: soak.sh UPLOADS SEED (scripts/soak.sh).
. tests/rig/scenarios/lib.sh

mkfifo /tmp/board-commands
"$helper" simulate --board f4boot-old --plug </tmp/board-commands >"$out/soak.board" 2>&1 &
board_pid=$!
exec 6>/tmp/board-commands
wait_for port_is_there
dotnet tests/soak/UploadHelper.Soak/bin/Release/net10.0/UploadHelper.Soak.dll /tmp/board-commands /dev/ttyACM0 0x08010000 \
  tests/firmware/blink-08010000.bin tests/firmware/other-08010000.bin "$1" "$2"
status=$?
exec 6>&-
unplug
exit $status
