#!/usr/bin/env bash
# Builds the libusb-1.0 that the executable contains: scripts/libusb.sh [linux-x64|linux-arm64|win-x64|win-x86]
# The source is Debian's source package libusb-1.0, unchanged. The compiler is MinGW for Windows, and GCC for Linux, with the older C
# library of scripts/sysroot.sh and without udev, so that the library needs nothing else. As root the script installs what is missing.
# The result is kept in artifacts/libusb/RID: the library, COPYING (its licence) and source/ (the source package).
# The script uses its own list of apt sources and does not change the machine's.
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C TZ=UTC

rid=${1:-linux-x64}
case $rid in
  linux-x64) triplet=x86_64-linux-gnu ;;
  linux-arm64) triplet=aarch64-linux-gnu ;;
  win-x64) triplet=x86_64-w64-mingw32 compiler=gcc-mingw-w64-x86-64 ;;
  win-x86) triplet=i686-w64-mingw32 compiler=gcc-mingw-w64-i686 ;;
  *) echo "libusb.sh: no compiler for $rid is known" >&2; exit 2 ;;
esac

prefix=$triplet-
case $rid in
  win-*) built=libusb-1.0.dll library=$built ;;
  *)
    built=libusb-1.0.so.0.3.0 library=libusb-1.0.so.0
    if [ "$(uname -m)" = "${triplet%%-*}" ]; then
      prefix= compiler=gcc
    else
      compiler=gcc-${triplet/_/-}
    fi
    ;;
esac

out=$PWD/artifacts/libusb/$rid
file=$out/$library
report() { echo "$file: $(wc -c <"$file") bytes, SHA-256 $(sha256sum "$file" | cut -d' ' -f1)"; }
if [ -f "$file" ]; then
  report
  exit
fi

give_up() { echo "libusb.sh: $*" >&2; exit 1; }
command -v apt-get >/dev/null || give_up "Debian's apt is required"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
log=$work/log
logged() { "$@" >>"$log" 2>&1; }

install_packages() {
  [ "$(id -u)" = 0 ] || return 1
  export DEBIAN_FRONTEND=noninteractive
  logged apt-get install -y --no-install-recommends "$@" || { logged apt-get update && logged apt-get install -y --no-install-recommends "$@"; }
}

missing=()
command -v "${prefix}gcc" >/dev/null || missing+=("$compiler")
command -v make >/dev/null || missing+=(make)
command -v bzip2 >/dev/null || missing+=(bzip2)
[ ${#missing[@]} = 0 ] || install_packages "${missing[@]}" || give_up "missing: ${missing[*]} (the script installs them if it runs as root)"

# "libusb-1.0-0 | 2:1.0.26-1 | http://deb.debian.org/debian bookworm/main amd64 Packages": finds the Debian mirror that this machine uses.
mirror() { apt-cache madison libusb-1.0-0 2>/dev/null | sed -n 's/.*| \([^ ]*\) \([^ /]*\)\/\([^ ]*\) .*/\1 \2 \3/p' | head -1; }
if [ -z "$(mirror)" ] && [ "$(id -u)" = 0 ]; then
  logged apt-get update || true
fi
source=$(mirror)
[ -n "$source" ] || give_up "apt has no mirror with libusb-1.0; run apt-get update"

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -f $keyring ] && source="[signed-by=$keyring] $source"
echo "deb-src $source" >"$work/sources.list"
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/source"
own_apt=(apt-get -o "Dir::Etc::SourceList=$work/sources.list" -o Dir::Etc::SourceParts=/dev/null
  -o "Dir::State::Lists=$work/lists" -o "Dir::Cache=$work/cache" -o APT::Sandbox::User=root)
logged "${own_apt[@]}" update || give_up "cannot download the list of source packages from $source: $(tail -1 "$log")"
(cd "$work/source" && logged "${own_apt[@]}" source --download-only libusb-1.0) || give_up "cannot download the source package: $(tail -1 "$log")"

# Without paths and timestamps, so that the build is reproducible.
compile="-O2 -ffile-prefix-map=$work/libusb=."
case $rid in
  win-*) link="-static-libgcc -Wl,-s,--no-insert-timestamp" options=() ;;
  *)
    sysroot=$(scripts/sysroot.sh "$rid") || give_up "there is no older C library to link against"
    # GCC for another processor searches its own C library before the sysroot.
    compile+=" --sysroot=$sysroot -isystem $sysroot/usr/include/$triplet -isystem $sysroot/usr/include"
    link="--sysroot=$sysroot -B$sysroot/usr/lib/$triplet -L$sysroot/usr/lib/$triplet -static-libgcc -Wl,-s,-z,defs"
    options=(--disable-udev "CC=${prefix}gcc")
    ;;
esac
mkdir "$work/libusb"
tar -C "$work/libusb" --strip-components=1 -xf "$work"/source/libusb-1.0_*.orig.tar.*
build() {
  cd "$work/libusb"
  ./configure --host=$triplet --disable-static --disable-examples-build --disable-tests-build "${options[@]}" \
    CFLAGS="$compile" LDFLAGS="$link"
  make -j"$(nproc)"
}
(logged build) || { tail -20 "$log" >&2; give_up "the build failed"; }

mkdir -p "$out"
rm -rf "$out/source"
cp -r "$work/source" "$out/source"
cp "$work/libusb/COPYING" "$out/COPYING"
cp "$work/libusb/libusb/.libs/$built" "$file.new"
chmod 644 "$file.new"
mv "$file.new" "$file"
report
