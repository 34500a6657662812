#!/usr/bin/env bash
# Builds the release packages: scripts/package.sh VERSION [--no-r2r] [RID...]
# Builds one archive for each RID; the default is every platform that can be built on this machine. An archive contains one
# folder with the executable, the overlays and their installer, licences, and udev rules or the notes on Windows drivers.
# The debug symbols of a native executable are next to its archive; crash reports need them.
# Also writes package_upload-helper_index.json, from which Arduino's Boards Manager installs upload-helper as a tool; and, in the
# folder platformio, packages in place of PlatformIO's tool-dfuutil and tool-stm32duino (arduino/PLATFORMIO.md).
# The results are in artifacts/packages. Packages are reproducible: the same commit gives the same bytes.
# PACKAGE_URL: the download address of the archives, for the index.
set -euo pipefail
cd "$(dirname "$0")/.."
shopt -s nullglob
export LC_ALL=C TZ=UTC

version=${1:?usage: scripts/package.sh VERSION [--no-r2r] [RID...]}
shift
if ! [[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]]; then
  echo "package.sh: invalid version \"$version\"; Boards Manager requires three numbers, for example 1.2.3" >&2
  exit 2
fi
publish_options=()
variant_suffix=
if [ "${1:-}" = --no-r2r ]; then
  shift
  publish_options=(--no-r2r)
  variant_suffix=-no-r2r
fi
rids=(linux-x64 linux-arm64 linux-arm win-x64 win-x86 win-arm64 osx-x64 osx-arm64)
[ $# = 0 ] || rids=("$@")

name=upload-helper
built=artifacts
out=$built/packages
url=${PACKAGE_URL:-https://localhost/$name/$version}
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 1735689600)}
mtime=$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)

# The host names of the package index specification.
host_of() {
  case $1 in
    linux-x64) echo x86_64-linux-gnu ;;
    linux-arm64) echo aarch64-linux-gnu ;;
    linux-arm) echo arm-linux-gnueabihf ;;
    win-x64) echo x86_64-mingw32 ;;
    win-x86) echo i686-mingw32 ;;
    win-arm64) echo arm64-mingw32 ;;
    osx-x64) echo x86_64-apple-darwin ;;
    osx-arm64) echo arm64-apple-darwin ;;
    *) echo "package.sh: unknown platform $1" >&2; exit 2 ;;
  esac
}

# The names of systems in PlatformIO's packages.
pio_system_of() {
  case $1 in
    linux-x64) echo linux_x86_64 ;;
    linux-arm64) echo linux_aarch64 ;;
    linux-arm) echo linux_armv7l ;;
    win-x64) echo windows_amd64 ;;
    win-x86) echo windows_x86 ;;
    win-arm64) echo windows_arm64 ;;
    osx-x64) echo darwin_x86_64 ;;
    osx-arm64) echo darwin_arm64 ;;
  esac
}

# pack_for_pio RID NAME DESCRIPTION TOOL...: makes a package for PlatformIO: the executable once, and each tool as a script that calls
# it. (Not a link: on macOS, an executable that carries the runtime cannot see under which name it was called.) A tool that PlatformIO
# does not look for in PATH is named with its folder.
pack_for_pio() {
  local rid=$1 package=$2 description=$3 tool script file folder archive
  shift 3
  folder=$work/pio/$rid/$package
  mkdir -p "$folder/bin"
  cp LICENSE "$folder/"
  cp -r "$work/$rid/$name-$version/licences" "$folder/licences"
  cat >"$folder/package.json" <<JSON
{
  "name": "$package",
  "version": "$version",
  "description": "$description",
  "keywords": ["stm32", "uploader", "dfu", "usb"],
  "homepage": "$url",
  "license": "MIT",
  "system": ["$(pio_system_of "$rid")"]
}
JSON
  for file in "$PUBLISH_DIRECTORY/$rid$variant_suffix"/upload-helper*; do
    [[ $file == *.gz ]] || cp "$file" "$folder/bin/"
  done
  for tool in "$@"; do
    script=$folder/bin/$tool
    case $tool in
      */*) script=$folder/$tool && mkdir -p "${script%/*}" ;;
    esac
    case $rid in
      win-*) printf '@"%%~dp0..\\bin\\%s.exe" %s %%*\r\n' "$name" "${tool##*/}" >"$script.cmd" ;;
      *) printf '#!/bin/sh\nexec "$(dirname "$0")/../bin/%s" %s "$@"\n' "$name" "${tool##*/}" >"$script" ;;
    esac
  done
  case $rid in
    win-*) archive=$package-$version-$(pio_system_of "$rid").zip ;;
    *) archive=$package-$version-$(pio_system_of "$rid").tar.gz ;;
  esac
  find "$folder" -type d -exec chmod 755 {} +
  find "$folder" -type f -exec chmod 644 {} +
  chmod 755 "$folder/bin/"*
  for tool in "$@"; do
    case $tool in
      */*) chmod 755 "$folder/$tool"* ;;
    esac
  done
  find "$folder" -exec touch -d "$mtime" {} +
  pack "$folder" "$out/platformio/$archive"
  echo "$out/platformio/$archive: $(stat -c %s "$out/platformio/$archive") bytes"
}

# fill RID FOLDER: puts the content of a package into a folder.
fill() {
  local rid=$1 folder=$2 notices file
  mkdir -p "$folder/scripts" "$folder/licences"
  for file in "$PUBLISH_DIRECTORY/$rid$variant_suffix"/upload-helper*; do
    case $file in
      *.gz) cp "$file" "$out/$name-$version-$rid.${file##*/upload-helper.}" ;;
      *) cp "$file" "$folder/" ;;
    esac
  done
  cp LICENSE README.md platform.txt.sample "$folder/"
  cp -r arduino "$folder/arduino"
  case $rid in
    win-*) cp scripts/{install,arduino}-*.ps1 "$folder/scripts/"; rm -rf "$folder/arduino/udev" ;;
    linux-*) cp -r scripts/{install,arduino}-*.sh scripts/completion "$folder/scripts/"; rm -rf "$folder/arduino/windows" ;;
    *) cp -r scripts/{install,arduino}-*.sh scripts/completion "$folder/scripts/"; rm -rf "$folder/arduino/udev" "$folder/arduino/windows" ;;
  esac
  cp licences/* "$folder/licences/"
  add_libusb "$rid" "$folder"
  notices=$(runtime_pack "$rid")
  cp "$notices/LICENSE.TXT" "$folder/licences/dotnet-LICENSE.txt"
  cp "$notices/THIRD-PARTY-NOTICES.TXT" "$folder/licences/dotnet-THIRD-PARTY-NOTICES.txt"
  find "$folder" -type d -exec chmod 755 {} +
  find "$folder" -type f -exec chmod 644 {} +
  find "$folder" -type f \( -name upload-helper -o -name '*.sh' \) -exec chmod 755 {} +
  find "$folder" -exec touch -d "$mtime" {} +
}

# add_libusb RID FOLDER: if the executable contains libusb, adds the licence text, and puts the source package next to the
# archives, as the licence requires.
add_libusb() {
  local libusb=$built/libusb/$1
  [ -d "$libusb/source" ] || return 0
  cp "$libusb/COPYING" "$2/licences/libusb-1.0-COPYING.txt"
  mkdir -p "$out/libusb-1.0-source"
  cp "$libusb"/source/* "$out/libusb-1.0-source/"
}

# runtime_pack RID: prints the folder of the .NET runtime used for the last publish; it contains the licences.
runtime_pack() {
  local pack used
  for pack in NativeAOT.$1 $1; do
    used=$(sed -n "/\"name\": \"Microsoft.NETCore.App.Runtime.$pack\"/{n;s/.*\[\([0-9.]*\),.*/\1/p}" src/UploadHelper/obj/project.assets.json | head -1)
    if [ -n "$used" ]; then
      echo "${NUGET_PACKAGES:-$HOME/.nuget/packages}/microsoft.netcore.app.runtime.${pack/NativeAOT/nativeaot}/$used"
      return
    fi
  done
}

# pack FOLDER ARCHIVE: makes a reproducible archive: sorted, without owners, with the time of the commit.
pack() {
  local parent folder archive
  parent=$(dirname "$1") folder=$(basename "$1") archive=$PWD/$2
  case $2 in
    *.zip) (cd "$parent" && find "$folder" -type f | sort | zip -X -9 -q "$archive" -@) ;;
    *) tar -C "$parent" --sort=name --format=ustar --mtime="$mtime" --owner=0 --group=0 --numeric-owner -cf - "$folder" | gzip -9n >"$archive" ;;
  esac
}

# system RID ARCHIVE: prints the entry of a platform in the index.
system() {
  printf '            {\n'
  printf '              "host": "%s",\n' "$(host_of "$1")"
  printf '              "url": "%s",\n' "$url/$2"
  printf '              "archiveFileName": "%s",\n' "$2"
  printf '              "checksum": "SHA-256:%s",\n' "$(sha256sum "$out/$2" | cut -d' ' -f1)"
  printf '              "size": "%s"\n' "$(stat -c %s "$out/$2")"
  printf '            }'
}

for rid in "${rids[@]}"; do
  host_of "$rid" >/dev/null
done
rm -rf "$out"
mkdir -p "$out/platformio"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PUBLISH_DIRECTORY=$work/publish
systems=()
for rid in "${rids[@]}"; do
  if ! scripts/publish.sh "$rid" "${publish_options[@]}" "-p:Version=$version" "-p:PathMap=$PWD=/_" >"$work/log" 2>&1; then
    # A platform given on the command line must build; by default, those that do not build are skipped.
    sed 's/^/  /' "$work/log" >&2
    [ $# = 0 ] || { echo "package.sh: the build for $rid failed" >&2; exit 1; }
    echo "package.sh: skipped: $rid ($(host_of "$rid"))" >&2
    continue
  fi
  case $rid in
    win-*) archive=$name-$version-$rid.zip ;;
    *) archive=$name-$version-$rid.tar.gz ;;
  esac
  fill "$rid" "$work/$rid/$name-$version"
  pack "$work/$rid/$name-$version" "$out/$archive"
  systems+=("$(system "$rid" "$archive")")
  echo "$out/$archive: $(stat -c %s "$out/$archive") bytes, SHA-256 $(sha256sum "$out/$archive" | cut -d' ' -f1)"
  pack_for_pio "$rid" tool-dfuutil "upload-helper in place of dfu-util, dfu-suffix and dfu-prefix" dfu-util dfu-suffix dfu-prefix
  pack_for_pio "$rid" tool-stm32duino "upload-helper in place of maple_upload, hid-flash and stm32flash" maple_upload hid-flash stm32flash/stm32flash
done

[ "${#systems[@]}" -gt 0 ] || { echo "package.sh: no platform could be built" >&2; exit 1; }
{
  cat <<JSON
{
  "packages": [
    {
      "name": "$name",
      "maintainer": "the upload-helper contributors",
      "websiteURL": "$url",
      "email": "",
      "help": { "online": "$url" },
      "platforms": [],
      "tools": [
        {
          "name": "$name",
          "version": "$version",
          "systems": [
JSON
  for i in "${!systems[@]}"; do
    printf '%s' "${systems[$i]}"
    [ "$i" = $((${#systems[@]} - 1)) ] && printf '\n' || printf ',\n'
  done
  cat <<JSON
          ]
        }
      ]
    }
  ]
}
JSON
} >"$out/package_${name}_index.json"
echo "$out/package_${name}_index.json: ${#systems[@]} of ${#rids[@]} platforms"
