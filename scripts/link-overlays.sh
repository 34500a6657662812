#!/usr/bin/env bash
# Compiles and links a sketch for every row of the table of boards, with the real cores and the overlays:
#   scripts/link-overlays.sh [--only TEXT] [--keep FILE] [--sizes FILE] CORE-DIR... >tests/arduino/linked.tsv
# Each CORE-DIR is a complete core, with its boards.txt. Needs arduino-builder and arm-none-eabi-gcc (Debian's packages have
# both), and for Arduino_Core_STM32 a copy of CMSIS_6 in $CMSIS. Takes a minute for each row of Arduino_Core_STM32.
# --only links the rows that contain TEXT; --keep takes over the rows that an earlier run has linked (its output, FILE).
# --sizes adds a line to FILE for each row with one click: overlay, board, options, flash and RAM with it, and without it (upload
# method dfuMethod, or STLinkMethod of the other cores), separated by tabs.
# Not part of CI: the cores are not here.
#
# Prints a line for each row, separated by tabs: overlay, version of the core, board, options, offset, the chosen option of
# every menu, bytes of the sketch, initial stack pointer, and the bootloaders with these USB ids that start it; or, in place of
# the last three, why it cannot be linked, or not uploaded.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/scripts/arduino-overlay.sh"

only= kept=/dev/null sizes=
while :; do
  case ${1:-} in
    --only) only=$2; shift 2 ;;
    --keep) kept=$2; shift 2 ;;
    --sizes) sizes=$2; shift 2 ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || { echo "link-overlays.sh: nothing is linked: no core was given" >&2; sed -n '2,3s/^# //p' "$0" >&2; exit 2; }
for tool in arduino-builder arduino-ctags arm-none-eabi-g++; do
  command -v $tool >/dev/null || { echo "link-overlays.sh: nothing is linked: $tool is not installed" >&2; exit 1; }
done
for core in "$@"; do
  [ -f "$core/platform.txt" ] && [ -d "$core/cores" ] || { echo "link-overlays.sh: nothing is linked: no complete core in $core" >&2; exit 1; }
done

program=$here/src/UploadHelper/bin/Debug/net10.0/upload-helper
[ -x "$program" ] || dotnet build -v q -nologo "$here/src/UploadHelper" >&2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/Blink"
talking='void setup() { Serial.begin(115200); }
void loop() { Serial.println(millis()); delay(500); }'
silent='void setup() {}
void loop() { delay(500); }'

# Every menu of a board with its first option, as the IDE shows it, but with the chosen options: all_options FOLDER BOARD CHOSEN
all_options() {
  cat "$1/boards.txt" "$1/boards.local.txt" | tr -d '\r' | awk -F= -v board="$2" -v chosen="$3" '
    BEGIN { n = split(chosen, pair, ","); for (i = 1; i <= n; i++) { split(pair[i], kv, "="); want[kv[1]] = kv[2] } }
    index($1, board ".menu.") == 1 {
      n = split(substr($1, length(board) + 7), part, ".")
      if (n == 2 && !(part[1] in first)) { order[++menus] = part[1]; first[part[1]] = part[2] }
    }
    END { for (i = 1; i <= menus; i++) { m = order[i]; printf "%s%s=%s", (i > 1 ? "," : ""), m, (m in want ? want[m] : first[m]) } }'
}

# The toolchain and CMSIS, under whatever names the core calls them.
preferences() {
  grep -oE '\{runtime\.tools\.[^}]*\.path\}' "$1/platform.txt" | sort -u | tr -d '{}' | while read -r key; do
    case $key in
      *gcc*) echo "-prefs=$key=/usr" ;;
      *CMSIS-*) echo "-prefs=$key=${CMSIS:-/nonexistent}" ;;
      *) echo "-prefs=$key=$work/none" ;;
    esac
  done
}

# The first part of a board, or of some of its parts, whose bootloader in ROM a sketch can enter: first_part FOLDER BOARD [PART...]
first_part() {
  local folder=$1 board=$2
  shift 2
  tr -d '\r' <"$folder/boards.txt" | awk -F= -v board="$board" -v some="$*" '
    $1 == board ".build.series" { common = $2 }
    index($1, board ".menu.pnum.") == 1 {
      n = split(substr($1, length(board) + 12), part, ".")
      if (n == 3 && part[2] == "build" && part[3] == "product_line") { line[part[1]] = $2; order[++parts] = part[1] }
      if (n == 3 && part[2] == "build" && part[3] == "series") series[part[1]] = $2
    }
    END { for (i = 1; i <= parts; i++) { p = order[i]; if (some == "" || index(" " some " ", " " p " ")) print p, (p in series ? series[p] : common), line[p] } }' |
    while read -r part series line; do
      ! arm-none-eabi-gcc -mcpu=cortex-m0plus -mthumb -fsyntax-only -w "-D$series" "-D$line" \
        "$here/arduino/libraries/OneClickDfu/src/OneClickDfu.c" 2>/dev/null || { echo "$part"; break; }
    done
}

# Writes to $log, into $build: compile SKETCH ARCH BOARD-AND-OPTIONS
compile() {
  printf '%s\n' "$1" >"$work/Blink/Blink.ino"
  rm -rf "$build"
  mkdir -p "$build"
  build_blink "$2" "$3"
}

# build_blink ARCH BOARD-AND-OPTIONS
build_blink() {
  arduino-builder -compile -hardware /usr/share/arduino-builder -hardware "$work/hardware" -tools /usr/share/arduino-builder \
    -libraries "$work/hardware/core/$1/libraries" -fqbn "core:$1:$2" -ide-version 10819 -warnings none \
    -build-path "$build" "${prefs[@]}" "$work/Blink/Blink.ino" >"$log" 2>&1
}

# The bytes of flash and RAM of what is in $build.
used() { arm-none-eabi-size "$build/Blink.ino.elf" | awk 'NR == 2 { print $1 + $2 "\t" $2 + $3 }'; }

# What one click costs, to $sizes: cost OVERLAY ARCH BOARD OPTIONS. Without it, Arduino_Core_STM32 compiles two files differently; the
# rest is kept.
cost() {
  local with without=${4/RomMethod/STLinkMethod}
  with=$(used)
  if [ "$1" = Arduino_Core_STM32 ]; then
    without=${4/dfuOneClickMethod/dfuMethod}
    find "$build" \( -name build.options.json -o -name core.a -o -name hooks.c.o -o -name usbd_cdc_if.c.o \) -delete
  else
    rm -rf "$build"
    mkdir -p "$build"
  fi
  build_blink "$2" "$3:$without"
  printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$3" "$4" "$with" "$(used)" >>"$sizes"
}

link_row() {
  local overlay=$1 arch=$2 board=$3 row=$4 offset=$5 ids=$6 options log=$work/log image build=$work/build chosen part parts
  chosen=$(sed 's/ ([^)]*)//g; s/, /,/g' <<<"$row")
  if [[ $row == *dfuOneClickMethod* ]]; then
    # The row's parts, as far as it names them all.
    parts=$(sed -n 's/^pnum=\([^(,]*\),.*/\1/p; s/^pnum=\(.*\) (or \(.*\)),.*/\1 \2/p' <<<"$row" | sed 's/ or / /g')
    part=$(first_part "$work/hardware/core/$arch" "$board" $parts)
    [ -z "$part" ] || chosen=$(sed 's/pnum=[^,]*,//' <<<"$chosen"),pnum=$part
    chosen+=,usb=CDCgen
  fi
  options=$(all_options "$work/hardware/core/$arch" "$board" "$chosen")
  board=$board${options:+:$options}

  # By default, some boards of Arduino_Core_STM32 have no serial port.
  if ! compile "$talking" "$arch" "$board" && ! { grep -q "'Serial' was not declared" "$log" && compile "$silent" "$arch" "$board"; }; then
    printf '%s\t%s' "$options" "$(grep -m1 -iE 'error|cannot|undefined|no such' "$log" | sed "s|$work/||g" | tr '\t' ' ')"
    [ -z "${KEEP_LOG:-}" ] || cp "$log" "$KEEP_LOG"
    return
  fi
  image=$build/Blink.ino.bin
  "$program" image "$image" --offset "$offset" >"$log"
  if grep -q '^  fits  *no board: ' "$log"; then
    printf '%s\t%s' "$options" "$(sed -n 's/^  fits  *no board: //p' "$log")"
    return
  fi
  printf '%s\t%s\t%s\t%s' "$options" "$(stat -c %s "$image")" \
    "0x$(od -An -tx4 -N4 "$image" | tr -d ' ' | tr a-f A-F)" \
    "$(fitting "$ids" "$log")"
  [[ -z $sizes || $options != *dfuOneClickMethod* && $options != *RomMethod* ]] || cost "$overlay" "$arch" "${board%%:*}" "$options"
}

# The bootloaders that start the image and have these ids; only the options of Maple and HID bootloaders name ids.
fitting() {
  sed -n 's/^  fits  *//p' "$2" | case $1 in
    1EAF:0003 | 1209:BEBA) grep "$1" || true ;;
    *) grep -v -e 1EAF -e 1209:BEBA || true ;;
  esac | sed 's/: .*//; s/; it needs .*//' | paste -sd';' | sed 's/;/; /g'
}

for core in "$@"; do
  core=$(cd "$core" && pwd)
  overlay=$(overlay_of "$core")
  [ -n "$overlay" ] || { echo "link-overlays.sh: there is no overlay for $core" >&2; exit 1; }
  case $overlay in Arduino_STM32-F1) arch=STM32F1 ;; Arduino_STM32-F4) arch=STM32F4 ;; STM32GENERIC) arch=STM32 ;; *) arch=stm32 ;; esac
  rm -rf "$work/hardware"
  mkdir -p "$work/hardware/core"
  cp -rs "$core" "$work/hardware/core/$arch"
  "$here/scripts/install-arduino.sh" "$work/hardware/core/$arch" --executable "$program" >&2
  version=$(sed -n 's/^version *= *//p' "$core/platform.txt" | tr -d '\r')
  mapfile -t prefs < <(preferences "$core")
  with_overlay "$core" "$overlay" "$work/$overlay"
  "$program" boards "$work/$overlay" | board_rows "$work/$overlay" >"$work/rows"
  while IFS=$'\t' read -r -u 3 board options ids alternate offset size; do
    [ "$options" != - ] || options=
    [[ -z $only || "$overlay $board $options" == *"$only"* ]] || continue
    if earlier=$(awk -F'\t' -v o="$overlay" -v v="$version" -v b="$board" -v c="$options" '$1 == o && $2 == v && $3 == b && $4 == c && NF == 9 { print; found = 1 } END { exit !found }' "$kept"); then
      printf '%s\n' "$earlier"
      continue
    fi
    printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$overlay" "$version" "$board" "$options" "$offset" \
      "$(link_row "$overlay" "$arch" "$board" "$options" "$offset" "$ids")"
  done 3< <(tr '\t' '\001' <"$work/rows" | sed 's/\x01\x01/\x01-\x01/g; s/\x01\x01/\x01-\x01/g' | tr '\001' '\t')
done
