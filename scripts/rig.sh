#!/usr/bin/env bash
# Runs a command in a virtual machine with a real Linux USB stack (usbcore, vhci-hcd, cdc-acm):
#   scripts/rig.sh [--no-udev] COMMAND...
# The machine sees this machine's files; what the command writes is gone afterwards, but for what it writes to /rig-out:
# that lands in $RIG_OUT (a temporary folder if that is not set). Exit status: the command's, or 125 when it did not
# come to an end. RIG_TIMEOUT (seconds, default 600) stops a hung machine.
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)

udev=yes
if [ "${1:-}" = --no-udev ]; then
  udev=no
  shift
fi

machine=$("$repository/tests/rig/build.sh")
out=${RIG_OUT:-$(mktemp -d)}
mkdir -p "$out/.rig"
rm -f "$out/.rig/"*
cp "$repository/tests/rig/guest.sh" "$out/.rig/guest"
printf 'RIG_UDEV=%q\nRIG_DIRECTORY=%q\n' "$udev" "$PWD" >"$out/.rig/environment"
printf '%q ' "${@:-true}" >"$out/.rig/command"

timeout "${RIG_TIMEOUT:-600}" qemu-system-x86_64 \
  -machine q35 -cpu max -smp 2 -accel tcg,thread=multi -m 2048 -nic none -nographic -no-reboot \
  -kernel "$machine/vmlinuz" -initrd "$machine/initramfs" \
  -append "console=ttyS0 quiet panic=-1 mitigations=off" \
  -fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap \
  -device virtio-9p-pci,fsdev=root,mount_tag=hostroot \
  -fsdev local,id=out,path="$out",security_model=none \
  -device virtio-9p-pci,fsdev=out,mount_tag=rigout \
  </dev/null >"$out/.rig/console" 2>&1 || echo "rig.sh: the virtual machine ended with $?" >&2

cat "$out/.rig/stdout" 2>/dev/null || true
cat "$out/.rig/stderr" >&2 2>/dev/null || true
if [ ! -f "$out/.rig/status" ]; then
  echo "rig.sh: the command did not end; the last of the console:" >&2
  tail -20 "$out/.rig/console" >&2
  exit 125
fi

status=$(cat "$out/.rig/status")
[ -n "${RIG_OUT:-}" ] || rm -rf "$out"
exit "$status"
