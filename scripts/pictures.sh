#!/usr/bin/env bash
# Generates the terminal pictures of the documentation from real runs: scripts/pictures.sh
# They show an upload and a refusal on virtual boards, and doctor in the rig with a board that the user may not open.
# The results are in arduino/pictures. Requires the published executable; the rig requires root on Debian.
set -euo pipefail
cd "$(dirname "$0")/.."

built=artifacts
helper=$PWD/$built/publish/linux-x64/upload-helper
pictures=arduino/pictures
[ -x "$helper" ] || scripts/publish.sh linux-x64
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p $pictures
cp tests/firmware/blink-08004000.bin "$work/Blink.bin"

draw() { awk -v command="$2" -f scripts/terminal-svg.awk "$3" >"$pictures/$1.svg"; }

# picture NAME ARGUMENT...: runs upload-helper and draws both output streams, as in a terminal.
picture() {
  local name=$1
  shift
  (cd "$work" && "$helper" "$@" --color always) >"$work/$name" 2>&1 || true
  draw "$name" "upload-helper $*" "$work/$name"
}

picture upload upload --simulate f4boot --offset 0x4000 Blink.bin
picture refusal upload --simulate maple20 --offset 0x2000 Blink.bin

if tests/rig/build.sh >/dev/null; then
  RIG_OUT=$work/rig scripts/rig.sh bash tests/rig/scenarios/doctor.sh >/dev/null
  # Show the path of an installed executable.
  sed "s#$helper#/usr/local/bin/upload-helper#g" "$work/rig/denied.out" >"$work/doctor"
  draw doctor "upload-helper doctor" "$work/doctor"
else
  echo "pictures.sh: the rig is not available; the picture of doctor was not updated" >&2
fi
