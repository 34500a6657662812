#!/usr/bin/env bash
# Makes a sketchbook whose hardware folder has the test cores with their overlays: tests/arduino/sketchbook.sh DIR
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
hardware=$1/hardware

for platform in STM32F1 STM32F4; do
  core=$hardware/test/$platform
  mkdir -p "$core/cores"
  cp -r "$here/core" "$core/cores/test"
  cp -r "$here/$platform/." "$here/platform.txt" "$core/"
  for scripts in "$core"/variants/*/ld; do
    mv "$core/cores/test/common.inc" "$scripts/"
  done
done

"$here/../../scripts/install-arduino.sh" "$hardware"
cp -r "$here/Blink" "$1/"
