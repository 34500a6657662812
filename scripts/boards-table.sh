#!/usr/bin/env bash
# Makes arduino/BOARDS.md from the cores' own files: scripts/boards-table.sh CORE-DIR... >arduino/BOARDS.md
# A CORE-DIR holds a core's boards.txt and platform.txt, of the core itself or a copy of the two. The overlay is laid over
# them here. What is understood of them is what `upload-helper boards` says.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/scripts/arduino-overlay.sh"
[ $# -gt 0 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
key() { sed -n "s/^$2 *= *//p" "$1/platform.txt" | head -1 | tr -d '\r'; }
boards() { dotnet run --project "$here/src/UploadHelper" -v quiet -- boards "$1"; }

# One row for each choice of options that reaches a DFU bootloader.
rows() {
  awk '
    /^[^ ]/ { split($0, board, ": "); next }
    /not by DFU/ { next }
    {
      sub(/^ +/, "")
      options = ""
      if (match($0, /^[^ ]*=.*: [0-9A-F]+:/)) { at = index($0, ": "); options = substr($0, 1, at - 1); $0 = substr($0, at + 2) }
      split($0, fact, ", ")
      split(fact[1], id, " alt ")
      sub(/^offset /, "", fact[2]); sub(/ bytes at most$/, "", fact[3]); sub(/ to /, " - ", fact[3])
      gsub(/,/, ", ", options)
      printf "| %s | %s | %s | %s | %s | %s |\n", board[1], options, id[1], id[2], fact[2], fact[3]
    }'
}

cat <<'END'
# Boards that the overlays serve

Each choice of options of a core's boards with which Upload goes through upload-helper, once its overlay is there. Made by
`scripts/boards-table.sh` from the cores' boards.txt and platform.txt and the overlays, as `upload-helper boards` reads them.

*alt* is the alternate setting of a Maple bootloader; for DfuSe bootloaders the memory that holds the address is chosen.
*offset* is where the sketch begins, from the start of the flash. *bytes* is the largest sketch; two numbers where another
menu chooses the part. Options that say the same of an upload are one row, "(and N more)".
END
for core in "$@"; do
  overlay=$(overlay_of "$core")
  [ -n "$overlay" ] || { echo "boards-table.sh: no overlay belongs to $core" >&2; exit 1; }
  folder=$work/$overlay
  mkdir -p "$folder"
  cp "$core/boards.txt" "$core/platform.txt" "$here/arduino/$overlay/platform.local.txt" "$folder/"
  for_boards_of "$core" "$here/arduino/$overlay/boards.local.txt" >"$folder/boards.local.txt"
  printf '\n## %s, version %s (overlay %s)\n\n' "$(key "$core" name)" "$(key "$core" version)" "$overlay"
  echo '| board | options | ids | alt | offset | bytes |'
  echo '|---|---|---|---|---|---|'
  boards "$folder" >"$work/list"
  rows <"$work/list"
done
