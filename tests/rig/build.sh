#!/usr/bin/env bash
# Makes the kernel and the initramfs of the rig, once, and prints the folder that holds them.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
modules="9pnet_virtio 9p virtio_pci overlay vhci-hcd cdc-acm"
packages="qemu-system-x86 busybox-static cpio kmod dfu-util usbutils udev libusb-1.0-0"

install_missing() {
  local missing=()
  for package in $packages; do
    dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  if [ "$(id -u)" != 0 ]; then
    echo "tests/rig: as root, install: ${missing[*]}" >&2
    exit 1
  fi
  apt-get update >/dev/null || echo "tests/rig: some package lists could not be had" >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >/dev/null
}

install_missing >&2
cache=${XDG_CACHE_HOME:-$HOME/.cache}/upload-helper-rig
key=$(sha256sum "$here/init" "$here/build.sh" | sha256sum | cut -c1-16)
machine=$cache/$key
if [ -f "$machine/initramfs" ]; then
  echo "$machine"
  exit
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
# linux-image-amd64 names the package of the current kernel.
download_kernel() {
  local image
  image=$(apt-cache depends linux-image-amd64 | sed -n 's/ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -1)
  [ -n "$image" ] && apt-get download -o APT::Sandbox::User=root "$image" >/dev/null
}

download_kernel 2>/dev/null || { apt-get update >/dev/null || true; download_kernel; }
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
mkdir -p "$machine"
cp kernel/boot/vmlinuz-* "$machine/vmlinuz"
(cd root && find . | cpio -o -H newc 2>/dev/null | gzip -1) >"$machine/initramfs.part"
mv "$machine/initramfs.part" "$machine/initramfs"
echo "$machine"
