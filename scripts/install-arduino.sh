#!/usr/bin/env bash
# Lets the Arduino IDE's Upload button call upload-helper: scripts/install-arduino.sh DIR [--remove] [--executable FILE]
# DIR is a core's folder (with its boards.txt), or one above it: the sketchbook's hardware folder, ~/.arduino15/packages.
# Of the core's own files none is touched. platform.local.txt and boards.local.txt get a marked block at their end; what
# was in them before stays, and is kept in *.before-upload-helper. The executable goes to the core's upload-helper folder.
# Run again, it brings all up to date; with --remove, everything is as it was.
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
[ -d "$dir" ] || fail "there is no folder $dir"

. "$here/scripts/arduino-overlay.sh"

find_executable() {
  [ -z "$executable" ] || { echo "$executable"; return; }
  local os machine built=$here/artifacts
  case $(uname -s) in Darwin) os=osx ;; *) os=linux ;; esac
  case $(uname -m) in arm64 | aarch64) machine=arm64 ;; arm*) machine=arm ;; *) machine=x64 ;; esac
  for file in "$here/upload-helper" "$built/publish/$os-$machine/upload-helper"; do
    [ ! -f "$file" ] || { echo "$file"; return; }
  done
  fail "there is no executable: run scripts/publish.sh $os-$machine, or name one with --executable"
}

# The file without our block; a last line without its end gets one.
without_block() { awk -v begin="$begin" -v end="$end" '$0 == begin { skip = 1 } !skip { print } $0 == end { skip = 0 }' "$1"; }

has_block() { [ -f "$1" ] && grep -qxF "$begin" "$1"; }

# Puts what comes on its input into the file's block.
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
    echo "  $(basename "$file") was changed since: only the block was taken out"
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
  rmdir "$core/upload-helper" 2>/dev/null || [ ! -d "$core/upload-helper" ] || echo "  left: $(ls "$core/upload-helper")"
  echo "removed from $core"
}

[ -n "$remove" ] || program=$(find_executable)
[ -n "$remove" ] || [ -f "$program" ] || fail "there is no file $program"
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
[ "$found" -gt 0 ] || fail "there is no core in $dir that has an overlay: $(cd "$here/arduino" && dirname */boards.local.txt | xargs)"
