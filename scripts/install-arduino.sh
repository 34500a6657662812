#!/usr/bin/env bash
# Makes the Arduino IDE's Upload button call upload-helper: scripts/install-arduino.sh DIR [--remove] [--executable FILE]
# DIR is a core's folder (with its boards.txt), or a folder above it: the sketchbook's hardware folder, ~/.arduino15/packages.
# The core's own files are not changed. The script adds a marked block at the end of platform.local.txt and boards.local.txt,
# keeps a copy of their old content in *.before-upload-helper, and copies the executable to the core's upload-helper folder.
# Run it again to update everything; use --remove to undo everything.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
begin='# >>> upload-helper. This block is put here and removed by install-arduino; changes in it are lost.'
end='# <<< upload-helper'

usage() { sed -n '2,6s/^# //p' "$0" >&2; exit 2; }
fail() { echo "install-arduino.sh: $*" >&2; exit 1; }

dir= remove= executable=
while [ $# -gt 0 ]; do
  case $1 in
    --remove) remove=yes ;;
    --executable) shift; executable=${1:-}; [ -n "$executable" ] || usage ;;
    -*) usage ;;
    *) [ -z "$dir" ] || usage; dir=$1 ;;
  esac
  shift
done
[ -n "$dir" ] || usage
[ -d "$dir" ] || fail "no such folder: $dir"

. "$here/scripts/arduino-overlay.sh"

find_executable() {
  [ -z "$executable" ] || { echo "$executable"; return; }
  local os machine built=$here/artifacts
  case $(uname -s) in Darwin) os=osx ;; *) os=linux ;; esac
  case $(uname -m) in arm64 | aarch64) machine=arm64 ;; arm*) machine=arm ;; *) machine=x64 ;; esac
  for file in "$here/upload-helper" "$built/publish/$os-$machine/upload-helper"; do
    [ ! -f "$file" ] || { echo "$file"; return; }
  done
  fail "executable not found: run scripts/publish.sh $os-$machine, or give its path with --executable"
}

# Prints the file without our block, and ends its last line if necessary.
without_block() { awk -v begin="$begin" -v end="$end" '$0 == begin { skip = 1 } !skip { print } $0 == end { skip = 0 }' "$1"; }

has_block() { [ -f "$1" ] && grep -qxF "$begin" "$1"; }

# Writes standard input into the file's block.
install_block() {
  local file=$1 new=$1.new
  if [ -f "$file" ] && ! has_block "$file"; then
    cp -p "$file" "$file.before-upload-helper"
  fi
  { if [ -f "$file" ]; then without_block "$file"; fi; echo "$begin"; cat; echo "$end"; } >"$new"
  mv "$new" "$file"
}

remove_block() {
  local file=$1 backup=$1.before-upload-helper new=$1.new
  has_block "$file" || return 0
  without_block "$file" >"$new"
  if [ -f "$backup" ] && without_block "$backup" | cmp -s - "$new"; then
    rm "$new"
    mv "$backup" "$file"
  elif [ -s "$new" ]; then
    mv "$new" "$file"
    echo "  $(basename "$file") has been edited since the installation: only the block was removed"
  else
    rm "$new" "$file"
  fi
}

install_core() {
  local core=$1 overlay=$here/arduino/$2
  mkdir -p "$core/upload-helper"
  cp "$program" "$core/upload-helper/upload-helper.new"
  chmod 755 "$core/upload-helper/upload-helper.new"
  mv "$core/upload-helper/upload-helper.new" "$core/upload-helper/upload-helper"
  if [ -d "$overlay/ld" ]; then
    mkdir -p "$core/upload-helper/ld"
    cp "$overlay"/ld/*.ld "$core/upload-helper/ld/"
  fi
  install_block "$core/platform.local.txt" <"$overlay/platform.local.txt"
  for_boards_of "$core" "$overlay/boards.local.txt" | install_block "$core/boards.local.txt"
  echo "installed in $core ($2)"
}

remove_core() {
  local core=$1 overlay=$here/arduino/$2
  has_block "$core/platform.local.txt" || has_block "$core/boards.local.txt" || [ -d "$core/upload-helper" ] || return 0
  remove_block "$core/platform.local.txt"
  remove_block "$core/boards.local.txt"
  rm -f "$core/upload-helper/upload-helper"
  if [ -d "$overlay/ld" ]; then
    (cd "$overlay/ld" && printf '%s\0' *.ld) | (cd "$core/upload-helper/ld" 2>/dev/null && xargs -0 rm -f) || true
    rmdir "$core/upload-helper/ld" 2>/dev/null || true
  fi
  rmdir "$core/upload-helper" 2>/dev/null || [ ! -d "$core/upload-helper" ] || echo "  not removed, not installed by this script: $(ls "$core/upload-helper")"
  echo "removed from $core"
}

[ -n "$remove" ] || program=$(find_executable)
[ -n "$remove" ] || [ -f "$program" ] || fail "no such file: $program"
found=0
while IFS= read -r -d '' boards; do
  core=$(dirname "$boards")
  overlay=$(overlay_of "$core")
  if [ -z "$overlay" ] || [ ! -f "$core/platform.txt" ]; then
    continue
  fi
  found=$((found + 1))
  if [ -n "$remove" ]; then remove_core "$core" "$overlay"; else install_core "$core" "$overlay"; fi
done < <(find "$dir" -maxdepth 5 -name boards.txt -print0)
[ "$found" -gt 0 ] || fail "no supported core found in $dir. Supported: $(cd "$here/arduino" && dirname */boards.local.txt | xargs)"
