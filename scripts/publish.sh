#!/usr/bin/env bash
# Builds the single-file executable for a platform: scripts/publish.sh RID [--no-r2r] [MSBUILD-OPTION...]
# RID: linux-x64 linux-arm64 linux-arm win-x64 win-x86 win-arm64 osx-x64 osx-arm64
# The result is in $PUBLISH_DIRECTORY/RID; the default is artifacts/publish, where the tests expect it.
# An executable for Windows contains libusb-1.0.dll if scripts/libusb-windows.sh can build it; otherwise a message says so.
# --no-r2r omits precompiled code (ReadyToRun): the file is smaller, starts more slowly, and runs under Wine 8.
set -euo pipefail
cd "$(dirname "$0")/.."

rid=${1:?usage: scripts/publish.sh RID [--no-r2r] [MSBUILD-OPTION...]}
shift
ready_to_run=true
variant=$rid
if [ "${1:-}" = --no-r2r ]; then
  shift
  ready_to_run=false
  variant=$rid-no-r2r
fi

case $rid in
  win-*) file=upload-helper.exe ;;
  linux-x64 | linux-arm64 | linux-arm | osx-x64 | osx-arm64) file=upload-helper ;;
  *) echo "publish.sh: unknown platform $rid" >&2; exit 2 ;;
esac

# sha256sum is GNU's; macOS has shasum.
if command -v sha256sum >/dev/null; then digest() { sha256sum; }; else digest() { shasum -a 256; }; fi

carried=()
if [[ $rid = win-* ]]; then
  if why=$(scripts/libusb-windows.sh "$rid" 2>&1 >/dev/null); then
    carried=("-p:CarriedLibUsb=$PWD/artifacts/libusb/$rid/libusb-1.0.dll")
  else
    echo "publish.sh: $file does not contain libusb-1.0.dll; put that file next to it. ($(tail -1 <<<"$why"))" >&2
  fi
fi

built=artifacts
out=${PUBLISH_DIRECTORY:-$built/publish}/$variant
log=$out.log
rm -rf "$out"
mkdir -p "$out"
if ! dotnet publish src/UploadHelper -c Release -r "$rid" -o "$out" --nologo \
  -p:PublishReadyToRun=$ready_to_run -p:DebugType=none ${carried[@]+"${carried[@]}"} "$@" >"$log" 2>&1; then
  if grep -qE 'NU1101|NU1102|NU1100|NETSDK1094' "$log"; then
    echo "publish.sh: the runtime packs for $rid are not available from the package sources of this machine:" >&2
    grep -ohE '(NU11[0-9]+|NETSDK1094): .*' "$log" | sort -u | head -5 | cut -c1-160 >&2
  else
    tail -20 "$log" >&2
  fi
  rm -rf "$out"
  exit 1
fi

if [ "$(ls "$out")" != "$file" ]; then
  echo "publish.sh: expected a single file, but got these:" $(ls "$out") >&2
  exit 1
fi

echo "$out/$file: $(wc -c <"$out/$file" | tr -d ' ') bytes, SHA-256 $(digest <"$out/$file" | cut -d' ' -f1)"
