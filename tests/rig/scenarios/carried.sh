# On a system without libusb, and as a user who may open a sketch's port but not its device: the executable uses the libraries that it
# contains, libusb-1.0 for the upload and that of System.IO.Ports for the reset through the terminal.
. tests/rig/scenarios/lib.sh

rm -f /usr/lib/*/libusb-1.0.so* /lib/*/libusb-1.0.so*
ls /usr/lib/*/libusb-1.0.so* >"$out/libusb.out" 2>/dev/null
step doctor "$helper" doctor

cat >/etc/udev/rules.d/99-user.rules <<'RULES'
SUBSYSTEM=="tty", ATTRS{idVendor}=="0483|1eaf|2341", MODE="0666"
SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device", ATTR{idVendor}=="0483", ATTR{idProduct}=="df11", MODE="0666"
SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device", ATTR{idVendor}=="1eaf", ATTR{idProduct}=="0003", MODE="0666"
RULES
SYSTEMD_IGNORE_CHROOT=1 udevadm control --reload
cp "$helper" tests/firmware/blink-0800{0000,2000,4000}.bin /tmp
chmod 755 /tmp /tmp/upload-helper
chmod 644 /tmp/*.bin

# by_terminal NAME BOARD OFFSET IMAGE
by_terminal() {
  from_sketch_to_sketch "$1" "$2" setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/tmp \
    /tmp/upload-helper upload --port /dev/ttyACM0 --offset "$3" "$4" --wait-port yes
}

for sketch in libmaple-f4 libmaple-f1 touch1200; do
  by_terminal "maple20-$sketch" "maple20,sketch=$sketch$1" 0x2000 /tmp/blink-08002000.bin
done
for sketch in stm32generic usbcomposite stm32core; do
  by_terminal "f4boot-$sketch" "f4boot,sketch=$sketch$1" 0x4000 /tmp/blink-08004000.bin
done
by_terminal blackpill-rom-touch "blackpill-f411,sketch=rom-touch$1" 0x08000000 /tmp/blink-08000000.bin
