#!/usr/bin/env bash
# Makes a folder with an older C library, and the headers for it, to link against: scripts/sysroot.sh linux-x64|linux-arm64
# A native executable starts only where the C library is at least as new as the one that it was linked against. The script
# takes that of Debian 11 (glibc 2.31) or, if no mirror serves it any more, the oldest that one serves, and says so.
# The result is kept in artifacts/sysroot/RID, which the script prints, with the version in the file "glibc".
# The script uses its own list of apt sources and does not change the machine's.
set -euo pipefail
cd "$(dirname "$0")/.."
export LC_ALL=C

rid=${1:-linux-x64}
case $rid in
  linux-x64) architecture=amd64 ;;
  linux-arm64) architecture=arm64 ;;
  *) echo "sysroot.sh: unknown platform $rid" >&2; exit 2 ;;
esac

out=$PWD/artifacts/sysroot/$rid
if [ -f "$out/glibc" ] && [ -d "$out/usr/include/linux" ]; then
  echo "$out"
  exit
fi

give_up() { echo "sysroot.sh: $*" >&2; exit 1; }
for program in apt-get dpkg-deb; do
  command -v $program >/dev/null || give_up "Debian's $program is required"
done
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -f $keyring ] || give_up "$keyring is required (package debian-archive-keyring)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
log=$work/log
: >"$log"

# "libc6 | 2.36-9 | http://deb.debian.org/debian bookworm/main amd64 Packages": the Debian mirror that this machine uses.
mirror() { apt-cache madison libc6 2>/dev/null | sed -n 's/.*| \([^ ]*\/debian\) .*/\1/p' | head -1; }

# Debian moves old releases from its mirrors to the archive, where their signatures may have expired.
download() {
  local mirror=$1 release=$2 folder=$work/$2
  rm -rf "$folder"
  mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial" "$folder/packages"
  : >"$folder/status"
  echo "deb [signed-by=$keyring] $mirror $release main" >"$folder/sources.list"
  local own_apt=(apt-get -o "Dir::Etc::SourceList=$folder/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o "Dir::State::Lists=$folder/lists" -o "Dir::State::Status=$folder/status" -o "Dir::Cache=$folder/cache"
    -o "APT::Architecture=$architecture" -o "APT::Architectures=$architecture" -o APT::Sandbox::User=root
    -o Acquire::Languages=none -o Acquire::Check-Valid-Until=false)
  "${own_apt[@]}" update >>"$log" 2>&1 || return 1
  (cd "$folder/packages" && "${own_apt[@]}" download libc6 libc6-dev libgcc-s1 linux-libc-dev >>"$log" 2>&1)
}

used=$(mirror)
release=
for candidate in bullseye bookworm trixie; do
  for source in "${used:-http://deb.debian.org/debian}" http://archive.debian.org/debian; do
    if download "$source" $candidate; then
      release=$candidate
      break 2
    fi
  done
  echo "sysroot.sh: no mirror serves Debian's $candidate; trying the next release, so that the executable needs a newer system" >&2
done
[ -n "$release" ] || give_up "cannot download Debian's C library: $(grep -E '^[EW]:' "$log" | tail -1)"

root=$work/root
mkdir "$root"
for package in "$work/$release"/packages/*.deb; do
  dpkg-deb -x "$package" "$root"
done

# The links point to the root of the system on which they are installed.
find "$root" -type l -lname '/*' | while read -r link; do
  ln -sfrn "$root$(readlink "$link")" "$link"
done
basename "$work/$release"/packages/libc6_*.deb | sed 's/^libc6_\([0-9]*\.[0-9]*\).*/\1/' >"$root/glibc"

mkdir -p "$(dirname "$out")"
rm -rf "$out"
chmod 755 "$root"
mv -T "$root" "$out"
echo "$out"
