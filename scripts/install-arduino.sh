#!/usr/bin/env bash
# Makes the Arduino IDE's Upload button call upload-helper: scripts/install-arduino.sh DIR [--remove] [--executable FILE]
# DIR is a core's folder (with its boards.txt), or a folder above it: the sketchbook's hardware folder, ~/.arduino15/packages.
# The core's own files are not changed. The script adds a marked block at the end of platform.local.txt and boards.local.txt,
# keeps a copy of their old content in *.before-upload-helper, and copies the executable to the core's upload-helper folder.
# Run it again to update everything; use --remove to undo everything.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
one_click=$here/arduino/libraries/OneClickDfu/src # what the options "one click" compile into a sketch
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

# Awk code that knows our lines, whatever ends them: an editor may have changed the whole file to CRLF, or put a byte-order
# mark before its first line.
known='
  { line = $0; sub(/\r$/, "", line); if (NR == 1) sub(/^\357\273\277/, "", line) }
  line == begin { inside = 1; blocks++ }
  { ours = inside }
  line == end { inside = 0 }'

scan() { LC_ALL=C awk -v begin="$begin" -v end="$end" "$known $1" "$2"; }

# Prints the file without our block, byte by byte, and ends its last line if necessary.
without_block() { scan '!ours { print }' "$1"; }

has_block() { [ -f "$1" ] && [ "$(scan 'END { print blocks + 0 }' "$1")" -gt 0 ]; }

has_whole_block() { [ "$(scan 'END { print inside + 0 }' "$1")" = 0 ]; }

# The file that a symbolic link leads to, so that the link stays.
target_of() {
  local file=$1 to
  while [ -L "$file" ]; do
    to=$(readlink "$file")
    case $to in /*) file=$to ;; *) file=$(dirname "$file")/$to ;; esac
  done
  echo "$file"
}

mode_of() { stat -c %a "$1" 2>/dev/null || stat -f %Lp "$1"; }

# Replaces a file by another, which takes over its permissions.
replace() {
  [ ! -f "$2" ] || chmod "$(mode_of "$2")" "$1"
  mv -f "$1" "$2"
}

# Writes standard input into the file's block.
install_block() {
  local file new
  file=$(target_of "$1")
  new=$file.new
  if [ -f "$file" ] && ! has_block "$file"; then
    cp -pf "$file" "$file.before-upload-helper"
  fi
  { if [ -f "$file" ]; then without_block "$file"; fi; echo "$begin"; cat; echo "$end"; } >"$new"
  replace "$new" "$file"
}

remove_block() {
  local file backup new
  file=$(target_of "$1")
  backup=$file.before-upload-helper
  new=$file.new
  has_block "$file" || return 0
  without_block "$file" >"$new"
  if [ -f "$backup" ] && without_block "$backup" | cmp -s - "$new"; then
    rm -f "$new"
    mv -f "$backup" "$file"
  elif [ -s "$new" ]; then
    replace "$new" "$file"
    echo "  $(basename "$file") has been edited since the installation: only the block was removed"
  else
    rm -f "$new" "$file"
  fi
}

# Refuses a core that cannot be changed, before any core is.
check_core() {
  local core=$1 folder file
  for folder in "$core" "$core/upload-helper" "$core/upload-helper/ld" "$core/upload-helper/one-click"; do
    [ ! -e "$folder" ] || [ -d "$folder" ] || fail "$folder is not a folder: remove it, and run this script again. Nothing was changed."
    [ ! -d "$folder" ] || [ -w "$folder" ] || fail "you may not write to $folder. Nothing was changed. Run this script as the owner of that folder (on most systems: with sudo), or install the core in your sketchbook's hardware folder"
  done
  for file in "$core/platform.local.txt" "$core/boards.local.txt"; do
    file=$(target_of "$file")
    [ -d "$(dirname "$file")" ] && [ -w "$(dirname "$file")" ] || fail "you may not write to $(dirname "$file"), where a link in $core leads to. Nothing was changed. Run this script as the owner of that folder, or replace the link by a file"
    [ -e "$file" ] || continue
    [ -f "$file" ] && [ -r "$file" ] || fail "cannot read $file. Nothing was changed. Check its permissions"
    case $(head -c 2 "$file" | od -An -tx1 | tr -d ' \n') in
      fffe | feff) fail "$file is UTF-16, which the Arduino IDE cannot read. Nothing was changed. Save it as UTF-8, and run this script again" ;;
    esac
    [ "$(tr -d '\000' <"$file" | wc -c)" = "$(wc -c <"$file")" ] || fail "$file is not a text file. Nothing was changed. Restore it, or remove it, and run this script again"
    has_whole_block "$file" || fail "in $file the line \"$end\" is missing, so the end of this script's block is unknown. Nothing was changed. Remove the block by hand: it begins with \"${begin%% This*}\""
  done
}

install_core() {
  local core=$1 overlay=$here/arduino/$2
  mkdir -p "$core/upload-helper"
  cp "$program" "$core/upload-helper/upload-helper.new"
  chmod 755 "$core/upload-helper/upload-helper.new"
  mv -f "$core/upload-helper/upload-helper.new" "$core/upload-helper/upload-helper"
  if [ -d "$overlay/ld" ]; then
    mkdir -p "$core/upload-helper/ld"
    cp -f "$overlay"/ld/*.ld "$core/upload-helper/ld/"
  fi
  if grep -q upload-helper/one-click/ "$overlay/boards.local.txt"; then
    mkdir -p "$core/upload-helper/one-click"
    cp -f "$one_click"/* "$core/upload-helper/one-click/"
  fi
  install_block "$core/platform.local.txt" <"$overlay/platform.local.txt"
  for_boards_of "$core" "$overlay/boards.local.txt" | install_block "$core/boards.local.txt"
  echo "installed in $core ($2)"
}

remove_core() {
  local core=$1 overlay=$here/arduino/$2
  if ! has_block "$core/platform.local.txt" && ! has_block "$core/boards.local.txt" && [ ! -d "$core/upload-helper" ]; then
    echo "nothing to remove from $core"
    return
  fi
  remove_block "$core/platform.local.txt"
  remove_block "$core/boards.local.txt"
  rm -f "$core/upload-helper/upload-helper"
  if [ -d "$overlay/ld" ]; then
    (cd "$overlay/ld" && printf '%s\0' *.ld) | (cd "$core/upload-helper/ld" 2>/dev/null && xargs -0 rm -f) || true
    rmdir "$core/upload-helper/ld" 2>/dev/null || true
  fi
  for file in "$one_click"/*; do
    rm -f "$core/upload-helper/one-click/$(basename "$file")"
  done
  rmdir "$core/upload-helper/one-click" 2>/dev/null || true
  rmdir "$core/upload-helper" 2>/dev/null || [ ! -d "$core/upload-helper" ] || echo "  not removed, not installed by this script: $(ls "$core/upload-helper")"
  echo "removed from $core"
}

# What an interrupted run leaves half written.
clean_up() {
  for core in "${cores[@]}"; do
    rm -f "$core/upload-helper/upload-helper.new"
    for file in platform boards; do
      rm -f "$(target_of "$core/$file.local.txt").new"
    done
  done
}

[ -n "$remove" ] || program=$(find_executable)
[ -n "$remove" ] || [ -f "$program" ] || fail "no such file: $program"
cores=()
while IFS= read -r -d '' boards; do
  core=$(dirname "$boards")
  if [ -n "$(overlay_of "$core")" ] && [ -f "$core/platform.txt" ]; then
    cores+=("$core")
  fi
done < <(find -L "$dir" -maxdepth 5 -name boards.txt -print0 2>/dev/null)
[ ${#cores[@]} -gt 0 ] || fail "no supported core found in $dir. Supported: $(cd "$here/arduino" && dirname */boards.local.txt | xargs)"
for core in "${cores[@]}"; do
  check_core "$core"
done
trap clean_up EXIT
for core in "${cores[@]}"; do
  if [ -n "$remove" ]; then remove_core "$core" "$(overlay_of "$core")"; else install_core "$core" "$(overlay_of "$core")"; fi
done
