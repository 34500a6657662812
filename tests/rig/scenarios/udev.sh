# The udev rules, where udev runs: what it makes of a board in DFU mode and of a sketch's port, with them and without.
. tests/rig/scenarios/lib.sh

# properties NAME: what udev knows of the device file and of the port that are there now.
properties() {
  udevadm settle
  udevadm info --query=property --name="$2" >"$out/$1.properties" 2>&1
  ls -l "$2" >"$out/$1.mode"
}

dfu_file() { printf '/dev/bus/usb/%s\n' "$(lsusb -d 0483:df11 | sed 's/^Bus \([0-9]*\) Device \([0-9]*\):.*/\1\/\2/')"; }

# look NAME: one board in DFU mode, and one whose sketch runs.
look() {
  board "$1-dfu" f4rom,start=bootloader
  wait_for dfu_is_there
  properties "$1-dfu" "$(dfu_file)"
  unplug
  board "$1-port" f4rom,sketch=libmaple-f1
  wait_for port_is_there
  properties "$1-port" /dev/ttyACM0
  unplug
  wait_for port_is_gone
}

# udevadm does nothing in a chroot, as the rig is one, unless it is told that this one is the system.
export SYSTEMD_IGNORE_CHROOT=1
step install scripts/install-udev.sh
udevadm test /sys/bus/usb/devices/usb1 >"$out/test.out" 2>&1
udevadm verify scripts/../arduino/udev/60-upload-helper.rules >"$out/verify.out" 2>&1
look with
# What is plugged in already has its rights at once, and loses them at once.
board late f4rom,start=bootloader
wait_for dfu_is_there
properties late-with "$(dfu_file)"
step remove scripts/install-udev.sh --remove
properties late-without "$(dfu_file)"
unplug
look without
