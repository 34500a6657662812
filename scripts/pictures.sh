#!/usr/bin/env bash
# Draws the terminal pictures of the documentation from real runs: scripts/pictures.sh
# An upload and a refusal on virtual boards; doctor in the rig, where a board is plugged in that the user may not open.
# They go to arduino/pictures. Needs the published executable; the rig needs root on Debian.
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

# picture NAME ARGUMENT...: both streams, as a terminal shows them.
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
  # As it would say where it is installed.
  sed "s#$helper#/usr/local/bin/upload-helper#g" "$work/rig/denied.out" >"$work/doctor"
  draw doctor "upload-helper doctor" "$work/doctor"
else
  echo "pictures.sh: the rig cannot be had; the picture of doctor is left as it was" >&2
fi
