#!/usr/bin/env bash
# Builds the test sketches in every format, and the bootloader that starts them in QEMU, with Debian's gcc-arm-none-eabi,
# python3 and dfu-util. The results are committed, so that tests need none of them.
set -euo pipefail
cd "$(dirname "$0")"

flags="-mthumb -Os -ffreestanding -nostdlib -Wall -Wextra -Werror -Wl,--build-id=none"

# build OUT NAME CPU LINKER-SCRIPT [SOURCE...]: the sketch as .elf, .bin, .hex, .s19 and .dfu.
build() {
  local out=$1 name=$2 cpu=$3 script=$4 base
  shift 4
  arm-none-eabi-gcc -mcpu="$cpu" $flags -DNAME="$name" -L. -T "$script" -Wl,-z,max-page-size=4 startup.c sketch.c "$@" -o "$out.elf"
  arm-none-eabi-strip "$out.elf"
  arm-none-eabi-objcopy -O ihex "$out.elf" "$out.hex"
  arm-none-eabi-objcopy -O srec --srec-forceS3 "$out.elf" "$out.s19"
  arm-none-eabi-objcopy -O binary -R .retained -R .shared "$out.elf" "$out.bin"
  base=$(arm-none-eabi-objdump -h "$out.elf" | awk '$2 == ".isr_vector" { print "0x" $5 }')
  python3 dfuse.py "$out.dfu" --target 0 "$name" "$base=$out.bin"
  dfu-suffix --check "$out.dfu" >/dev/null
  chmod -x "$out".{elf,bin,s19}
}

for name in blink other; do
  for base in 08000000 08002000 08004000 08005000 08010000 maple-f4; do
    build "$name-$base" "$name" cortex-m4 "sketch-$base.ld"
  done
done

# For HID bootloaders.
for base in 08000800 08001000; do
  build "blink-$base" blink cortex-m4 "sketch-$base.ld"
done

build dsonano-lib lib cortex-m3 dsonano-lib.ld
build dsonano-app app cortex-m3 dsonano-app.ld

# Tools that make .dfu files out of .hex files take what leaks into RAM along.
build h747 h747 cortex-m7 h747.ld leaks.c
for section in retained shared; do
  arm-none-eabi-objcopy -O binary -j ".$section" h747.elf "$section.bin"
done
python3 dfuse.py h747.dfu --target 0 h747 0x08000000=h747.bin 0x24000000=retained.bin 0x30000000=shared.bin
rm retained.bin shared.bin

arm-none-eabi-gcc -mcpu=cortex-m4 $flags -L. -T sketch-08000000.ld bootloader.c -o bootloader.elf
arm-none-eabi-objcopy -O binary bootloader.elf bootloader.bin
chmod -x bootloader.bin
rm bootloader.elf

# The library that enters the bootloader in ROM, in a sketch of its own, with what QEMU does not have elsewhere: the bootloader at
# 0x08010000, RCC_CSR and the mark of Arduino_STM32 in RAM.
library=../../arduino/libraries/OneClickDfu/src/OneClickDfu.c
elsewhere="-DSTM32F4xx -DONE_CLICK_DFU_ROM=0x08010000 -DONE_CLICK_DFU_RESETS=0x2001FF00"
arm-none-eabi-gcc -mcpu=cortex-m4 $flags $elsewhere -T oneclick.ld oneclick.c "$library" -o oneclick.elf
arm-none-eabi-gcc -mcpu=cortex-m4 $flags $elsewhere -DONE_CLICK_DFU_MARK=0x2001FF20 -T oneclick.ld oneclick.c "$library" -o oneclick-mark.elf
arm-none-eabi-gcc -mcpu=cortex-m4 $flags -T oneclick-rom.ld oneclick-rom.c -o oneclick-rom.elf
for name in oneclick oneclick-mark oneclick-rom; do
  arm-none-eabi-objcopy -O binary $name.elf $name.bin
  chmod -x $name.bin
  rm $name.elf
done
sha256sum ./*.bin ./*.hex ./*.s19 ./*.elf ./*.dfu
