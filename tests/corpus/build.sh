#!/usr/bin/env bash
# Makes good/ and broken/ with Debian's gcc-arm-none-eabi (binutils), srecord, dfu-util and python3. The results are
# committed, so that tests need none of them. All files of good/ that begin with "flash" hold the same bytes, those with
# "low" the same at addresses without 0x08000000; srec_cat, which reads text formats, says so too.
set -euo pipefail
cd "$(dirname "$0")"

rm -rf good broken
mkdir good broken
cut=$(mktemp -d)
trap 'rm -rf "$cut"' EXIT

# ELF: as the linker made it, without symbols, and the object file before it.
arm-none-eabi-as -mcpu=cortex-m4 corpus.s -o "$cut/corpus.o"
arm-none-eabi-ld -z max-page-size=4 -T corpus.ld "$cut/corpus.o" -o good/flash-with-ram.elf
arm-none-eabi-objcopy -R .leak good/flash-with-ram.elf good/flash.elf 2>/dev/null
arm-none-eabi-strip good/flash.elf -o good/flash-stripped.elf
cp "$cut/corpus.o" broken/object.elf

# Text, by two writers: binutils and srecord.
arm-none-eabi-objcopy -O ihex good/flash.elf good/flash-objcopy.hex
arm-none-eabi-objcopy -O srec good/flash.elf good/flash-objcopy.s19
arm-none-eabi-objcopy -O ihex good/flash-with-ram.elf good/flash-with-ram.hex
srec_cat good/flash-objcopy.hex -intel -o good/flash-srec_cat.hex -intel -line-length=44 -execution-start-address=0x08004041
srec_cat good/flash-objcopy.hex -intel -o good/flash-srec_cat.s37 -motorola -address-length=4
srec_cat good/flash-objcopy.hex -intel -offset -0x08000000 -o good/low-srec_cat.s28 -motorola -address-length=3
srec_cat good/flash-objcopy.hex -intel -offset -0x08000000 -o good/low-segmented.hex -intel -address-length=3 -execution-start-address=0x4041
srec_cat good/flash-objcopy.hex -intel -crop 0x08004000 0x08005000 -offset -0x08000000 -o good/first-srec_cat.s19 -motorola -address-length=2
srec_cat good/flash-objcopy.hex -intel -crop 0x08004000 0x08005000 -offset -0x08000000 -o good/first-srec_cat.hex -intel -address-length=2

# Pieces for .dfu files.
for section in vectors text data border tail leak; do
  arm-none-eabi-objcopy -O binary -j ".$section" good/flash-with-ram.elf "$cut/$section.bin"
done
cat "$cut"/{vectors,text,data}.bin >"$cut/first.bin"
dfuse() { python3 ../firmware/dfuse.py "$@"; }
dfuse good/flash.dfu --target 0 "Internal Flash" "0x08004000=$cut/first.bin" "0x0800FFF8=$cut/border.bin" "0x08020000=$cut/tail.bin"
dfuse good/flash-unordered.dfu --ids FFFF:FFFF:FFFF --target 0 "" \
  "0x08020000=$cut/tail.bin" "0x08004000=$cut/vectors.bin" "0x24000000=$cut/leak.bin" "0x08004040=$cut/text.bin" \
  "0x0800FFF8=$cut/border.bin" "$(printf '0x%X' $((0x08004040 + $(stat -c %s "$cut/text.bin"))))=$cut/data.bin"
dfuse good/two-targets.dfu --ids 0483:DF11:0200 --target 0 Program "0x08004000=$cut/first.bin" --target 1 Fonts "0x00010000=$cut/border.bin"
suffix() { dfu-suffix -v "$1" -p "$2" -d "$3" --add "$4" >/dev/null; }
cp "$cut/first.bin" good/plain.dfu
suffix 0x1209 0xDB42 0x0102 good/plain.dfu
cp good/flash-objcopy.hex good/flash-with-suffix.hex
suffix 0x0483 0xDF11 0xFFFF good/flash-with-suffix.hex

python3 edit.py "$cut"

# Text with a prefix of another maker's: read as a raw binary, which has no vector table.
cp "$cut/first.bin" broken/stellaris-prefix.dfu
dfu-prefix -s 0x4000 --add broken/stellaris-prefix.dfu >/dev/null 2>&1
suffix 0x1CBE 0x00FF 0xFFFF broken/stellaris-prefix.dfu

# Independent readers agree, where they can read a file at all.
same() { srec_cmp "$@" 2>"$cut/log" || { cat "$cut/log"; exit 1; }; }
for file in good/flash*.hex good/low*.hex; do
  case $file in *suffix* | *ram* | *mark* | *mac* | *dos* | *blank*) continue ;; esac
  offset=0
  case $file in good/low*) offset=-0x08000000 ;; esac
  same "$file" -intel good/flash-objcopy.s19 -motorola -offset "$offset"
done
for file in good/flash*.s*; do
  same "$file" -motorola good/flash-objcopy.hex -intel
done
for file in good/*.dfu good/*suffix*; do
  dfu-suffix --check "$file" >/dev/null
done
chmod -x good/* broken/*
