#!/usr/bin/env bash
# Builds stand-ins for the USB libraries of Windows with MinGW, for the tests under Wine: tests/windows/build.sh FOLDER
set -euo pipefail
out=$(realpath -m "${1:?usage: tests/windows/build.sh FOLDER}")
cd "$(dirname "$0")"
mkdir -p "$out"
for library in libusb-1.0 libusb0; do
  x86_64-w64-mingw32-gcc -std=c11 -O1 -Wall -Wextra -Werror -shared -static-libgcc -o "$out/$library.dll" "$library.c" usbip.c -lws2_32
done
