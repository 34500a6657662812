#!/usr/bin/env bash
# Builds the single-file executable for a platform: scripts/publish.sh RID [--r2r|--no-r2r] [MSBUILD-OPTION...]
# RID: linux-x64 linux-arm64 linux-arm win-x64 win-x86 win-arm64 osx-x64 osx-arm64
# The result is in $PUBLISH_DIRECTORY/RID; the default is artifacts/publish, where the tests expect it.
# The executable is native code (Native AOT) where this machine can link for the platform: on Debian for linux-x64 and
# linux-arm64, on Windows for win-x64, on macOS for osx-x64 and osx-arm64. As root on Debian, the script installs the linker. Elsewhere
# the executable carries the .NET runtime and precompiled code (ReadyToRun). The script says which of the two it made, and why.
# Native code for Linux starts with glibc 2.31 or newer (scripts/sysroot.sh); its debug symbols are next to it, compressed.
# An executable for Linux or Windows contains libusb-1.0 if scripts/libusb.sh can build it; otherwise a message says so.
# -p:UsbLayer=LibUsbDotNet uses that package, which cannot be compiled to native code: the executable is a ReadyToRun one.
# --r2r makes a ReadyToRun executable in any case, in the folder RID-r2r.
# --no-r2r makes one without precompiled code, in the folder RID-no-r2r: it starts more slowly, and runs under Wine 8.
set -euo pipefail
cd "$(dirname "$0")/.."

rid=${1:?usage: scripts/publish.sh RID [--r2r|--no-r2r] [MSBUILD-OPTION...]}
shift
kind=native
variant=$rid
case ${1:-} in
  --r2r) kind=ready-to-run variant=$rid-r2r; shift ;;
  --no-r2r) kind=bytecode variant=$rid-no-r2r; shift ;;
esac

case $rid in
  win-*) file=upload-helper.exe ;;
  linux-x64 | linux-arm64 | linux-arm | osx-x64 | osx-arm64) file=upload-helper ;;
  *) echo "publish.sh: unknown platform $rid" >&2; exit 2 ;;
esac

# sha256sum is GNU's; macOS has shasum.
if command -v sha256sum >/dev/null; then digest() { sha256sum; }; else digest() { shasum -a 256; }; fi

carried=()
case $rid in
  win-*) library=libusb-1.0.dll instead="put that file next to it" ;;
  linux-*) library=libusb-1.0.so.0 instead="the system must have it" ;;
  *) library= ;;
esac
if [ -n "$library" ]; then
  if why=$(scripts/libusb.sh "$rid" 2>&1 >/dev/null); then
    carried=("-p:CarriedLibUsb=$PWD/artifacts/libusb/$rid/$library")
  else
    echo "publish.sh: $file does not contain $library; $instead. ($(tail -1 <<<"$why"))" >&2
  fi
fi

built=artifacts
out=${PUBLISH_DIRECTORY:-$built/publish}/$variant
log=$out.log

# Whether this machine can link native code for the platform: sets the options for it, or why_not.
native_options=()
why_not=
prepare_linker() {
  case "$(uname -s)-$rid $*" in
    *-p:UsbLayer=LibUsbDotNet*) why_not="LibUsbDotNet uses reflection" ;;
    "Linux-linux-x64 "* | "Linux-linux-arm64 "*) prepare_linux_linker ;;
    Darwin-osx-*)
      command -v clang >/dev/null || why_not="clang is missing; install it: xcode-select --install" ;;
    MINGW*"-win-x64 "* | MSYS*"-win-x64 "* | CYGWIN*"-win-x64 "*) ;; # The build looks for Visual Studio's linker itself.
    *) why_not="this machine ($(uname -s)) cannot link for $rid" ;;
  esac
  [ -z "$why_not" ]
}

prepare_linux_linker() {
  local triplet prefix= package=gcc sysroot
  case $rid in
    linux-x64) triplet=x86_64-linux-gnu ;;
    linux-arm64) triplet=aarch64-linux-gnu ;;
  esac
  if [ "$(uname -m)" != "${triplet%%-*}" ]; then
    prefix=$triplet-
    package=gcc-${triplet/_/-}
  fi

  if ! command -v "${prefix}gcc" >/dev/null || ! command -v "${prefix}objcopy" >/dev/null; then
    install_package $package || { why_not="${prefix}gcc is missing; install the package $package"; return; }
  fi

  if ! sysroot=$(scripts/sysroot.sh "$rid"); then
    why_not="there is no older C library to link against"
    return
  fi

  libc=$(cat "$sysroot/glibc")
  native_options=("-p:CppCompilerAndLinker=${prefix}gcc" "-p:ObjCopyName=${prefix}objcopy" "-p:SysRoot=$sysroot"
    "-p:SysRootLibraries=$sysroot/usr/lib/$triplet")
}

install_package() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  apt_install "$1" || { apt-get update >/dev/null 2>&1; apt_install "$1"; }
}

apt_install() { DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >/dev/null 2>&1; }

publish() {
  local options debug=none
  case $kind in
    native)
      debug=embedded # In the assemblies, so that the native symbols have the lines, and no other file is published.
      options=(-p:PublishAot=true "-p:PathMap=$PWD=/_" ${native_options[@]+"${native_options[@]}"})
      ;;
    ready-to-run) options=(-p:PublishReadyToRun=true) ;;
    bytecode) options=(-p:PublishReadyToRun=false) ;;
  esac
  rm -rf "$out"
  mkdir -p "$out"
  dotnet publish src/UploadHelper -c Release -r "$rid" -o "$out" --nologo -p:DebugType=$debug \
    "${options[@]}" ${carried[@]+"${carried[@]}"} "$@" >"$log" 2>&1
}

# The debug symbols turn the addresses in a crash report into names. They are larger than the executable.
keep_symbols() {
  local symbols
  for symbols in "$out/upload-helper.dbg" "$out/upload-helper.pdb"; do
    if [ -f "$symbols" ]; then
      chmod 644 "$symbols"
      gzip -9n "$symbols"
    fi
  done
  if [ -d "$out/upload-helper.dSYM" ]; then
    tar -C "$out" -czf "$out/upload-helper.dSYM.tar.gz" upload-helper.dSYM
    rm -rf "$out/upload-helper.dSYM"
  fi
}

if [ $kind = native ] && ! prepare_linker "$@"; then
  kind=ready-to-run
fi

published=true
publish "$@" || published=false
if [ $published = false ] && [ $kind = native ] && grep -qE 'Platform linker|Requested linker|NU110[0-9].*(ILCompiler|NativeAOT)|NETSDK1203|NETSDK1204' "$log"; then
  why_not=$(grep -ohE '(Platform linker|Requested linker|NU110[0-9]:|NETSDK120[34]:).*' "$log" | head -1 | cut -c1-160)
  kind=ready-to-run
  published=true
  publish "$@" || published=false
fi

if [ $published = false ]; then
  if grep -qE 'NU1101|NU1102|NU1100|NETSDK1094' "$log"; then
    echo "publish.sh: the runtime packs for $rid are not available from the package sources of this machine:" >&2
    grep -ohE '(NU11[0-9]+|NETSDK1094): .*' "$log" | sort -u | head -5 | cut -c1-160 >&2
  else
    tail -20 "$log" >&2
  fi
  rm -rf "$out"
  exit 1
fi

keep_symbols
others=$(ls "$out" | grep -vxE "$file|upload-helper\.(dbg|pdb|dSYM\.tar)\.gz" || true)
if [ -n "$others" ] || [ ! -f "$out/$file" ]; then
  echo "publish.sh: expected a single file, but got these:" $(ls "$out") >&2
  exit 1
fi

case $kind in
  native) made="native code${libc:+, needs glibc $libc or newer}" ;;
  ready-to-run) made="ReadyToRun${why_not:+, not native code: $why_not}" ;;
  bytecode) made="without precompiled code" ;;
esac
echo "$out/$file: $made; $(wc -c <"$out/$file" | tr -d ' ') bytes, SHA-256 $(digest <"$out/$file" | cut -d' ' -f1)"
