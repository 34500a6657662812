# The discovery reports a board that appears and disappears, and an upload goes on beside it undisturbed.
. tests/rig/scenarios/lib.sh

mkfifo /tmp/commands
"$helper" discovery </tmp/commands >"$out/discovery.out" 2>"$out/discovery.err" &
discovery=$!
exec 5>/tmp/commands
printf 'HELLO 1 "rig"\nSTART_SYNC\n' >&5
wait_for grep -q start_sync "$out/discovery.out"

told() { [ "$(grep -c "\"$1\"" "$out/discovery.out")" -ge "$2" ]; }

board come-and-go f4rom,boot0=1
wait_for dfu_is_there
wait_for told add 1
unplug
wait_for told remove 1

upload beside f4boot 0x4000 tests/firmware/blink-08004000.bin

echo QUIT >&5
wait "$discovery"
echo $? >"$out/discovery.status"
