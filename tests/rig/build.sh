#!/usr/bin/env bash
# Makes the kernel and the initramfs of the rig, once for each kernel of Debian's, and prints the folder that holds them.
# Installs what it needs, as root. --missing only names the packages that are not installed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
modules="9pnet_virtio 9p virtio_pci overlay vhci-hcd cdc-acm usbhid hid-generic"
packages="qemu-system-x86 busybox-static cpio kmod dfu-util usbutils udev libusb-1.0-0"

missing() {
  local package
  for package in $packages; do
    dpkg -s "$package" >/dev/null 2>&1 || echo "$package"
  done
}

update_lists() { apt-get update >/dev/null || echo "tests/rig: some package lists could not be had" >&2; }

install_missing() {
  local wanted
  wanted=$(missing)
  [ -n "$wanted" ] || return 0
  if [ "$(id -u)" != 0 ]; then
    echo "tests/rig: as root, install:" $wanted >&2
    exit 1
  fi
  update_lists
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $wanted >/dev/null
}

# linux-image-amd64 names the package of the current kernel.
find_kernel() {
  kernel=$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -1)
  machine=$cache/$( (cat "$here/init" "$here/build.sh"; echo "$kernel") | sha256sum | cut -c1-16)
  [ -n "$kernel" ]
}

download_kernel() { apt-get download -o APT::Sandbox::User=root "$kernel" >/dev/null; }

if [ "${1:-}" = --missing ]; then
  missing
  exit
fi

install_missing >&2
cache=${XDG_CACHE_HOME:-$HOME/.cache}/upload-helper-rig
find_kernel || { update_lists; find_kernel; } || { echo "tests/rig: no package list names a kernel (linux-image-amd64)" >&2; exit 1; }
if [ -f "$machine/initramfs" ]; then
  echo "$machine"
  exit
fi

mkdir -p "$cache"
work=$(mktemp -d -p "$cache" .work.XXXXXX)
trap 'rm -rf "$work"' EXIT
cd "$work"
download_kernel 2>/dev/null || { update_lists; find_kernel; download_kernel; }
dpkg -x ./*.deb kernel
version=$(ls kernel/lib/modules)
depmod -b kernel "$version"

mkdir -p root/bin root/modules
cp /bin/busybox root/bin/busybox
install -m 755 "$here/init" root/init
for module in $modules; do
  modprobe -d "$work/kernel" -S "$version" --show-depends "$module" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
done | awk '!seen[$0]++' >order
while read -r file; do
  cp "$file" root/modules/
  basename "$file"
done <order >root/modules/order
mkdir ready
cp kernel/boot/vmlinuz-* ready/vmlinuz
(cd root && find . | cpio -o -H newc 2>/dev/null | gzip -1) >ready/initramfs
# In one step; another that was at it at the same time made the same.
mv -T ready "$machine" 2>/dev/null || [ -f "$machine/initramfs" ]
echo "$machine"
