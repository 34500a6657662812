#!/usr/bin/env bash
# Builds the test sketches, and the bootloader that starts them in QEMU, with Debian's gcc-arm-none-eabi. The results are
# committed, so that tests need no cross compiler.
set -euo pipefail
cd "$(dirname "$0")"

flags="-mcpu=cortex-m4 -mthumb -Os -ffreestanding -nostdlib -Wall -Wextra -Werror -Wl,--build-id=none"
for name in blink other; do
  for base in 08000000 08002000 08004000 08010000; do
    out=$name-$base
    arm-none-eabi-gcc $flags -DNAME=$name -L. -T sketch-$base.ld -Wl,-z,max-page-size=4 startup.c sketch.c -o "$out.elf"
    arm-none-eabi-strip "$out.elf"
    arm-none-eabi-objcopy -O binary "$out.elf" "$out.bin"
    arm-none-eabi-objcopy -O ihex "$out.elf" "$out.hex"
    chmod -x "$out.elf" "$out.bin"
  done
done

arm-none-eabi-gcc $flags -L. -T sketch-08000000.ld bootloader.c -o bootloader.elf
arm-none-eabi-objcopy -O binary bootloader.elf bootloader.bin
chmod -x bootloader.bin
rm bootloader.elf
sha256sum ./*.bin ./*.hex ./*.elf
