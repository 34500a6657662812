# doctor on a machine with a real USB stack: a board that can be reached, one that this user may not open, one that another
# program holds, and no libusb of its own. And commands other than upload on the board behind the kernel's stack.
. tests/rig/scenarios/lib.sh
export SYSTEMD_IGNORE_CHROOT=1

# as_nobody COMMAND...: without the rights of root, and with a group that may not open ports.
as_nobody() { setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME=/tmp "$@"; }

board dfu f4rom,start=bootloader
wait_for dfu_is_there
udevadm settle
step reachable "$helper" doctor
step reachable-json "$helper" doctor --json
step denied as_nobody "$helper" doctor
step denied-list as_nobody "$helper" list
step rules "$helper" doctor --udev-rules

# dfu-util reads the whole flash, and has the interface claimed meanwhile.
dfu-util -d 0483:df11 -a 0 -s 0x08000000:1048576 -U "$out/held.bin" >"$out/held-by.out" 2>&1 &
reader=$!
wait_for grep -q 'Copying data\|Upload' "$out/held-by.out"
step held "$helper" doctor
kill "$reader"
wait "$reader" 2>/dev/null

step info "$helper" info
step read "$helper" read 0x08000000 0x4000 /tmp/read.bin
step verify "$helper" verify --offset 0x08000000 /tmp/read.bin
step erase "$helper" erase 0x08004000 0x4000 --yes
step leave "$helper" leave
wait_for port_is_there
step port "$helper" doctor
step port-denied as_nobody "$helper" doctor
step reset "$helper" reset /dev/ttyACM0
unplug

for library in /usr/lib/*/libusb-1.0.so*; do
  mv "$library" "$library.away"
done
step no-library "$helper" doctor
