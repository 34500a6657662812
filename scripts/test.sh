#!/usr/bin/env bash
# Runs all tests: scripts/test.sh [--fast]
# Unit and in-process tests always; those of the published executable, the rig, the processor (QEMU) and Wine where they
# are available: as root on Debian the script installs them. --fast leaves these out; UPLOADHELPER_LONG_TESTS=1 adds the
# Arduino IDE and timed tests, which take a quarter of an hour more. Reports the processor time of each part, and ends with
# "N passed, N failed[, N skipped]".
set -uo pipefail
cd "$(dirname "$0")/.."

failures=0
note() { printf '== %s\n' "$*"; }
must() { note "$*"; "$@" || { failures=$((failures + 1)); note "failed: $*"; }; }

# part NAME: the processor time since the last call belongs to this part. It does not include the compiler's server.
part() {
  times >"$used_file"
  local now
  now=$(seconds_of_children "$used_file")
  parts+=$(awk -v name="$1" -v a="$used" -v b="$now" 'BEGIN { printf "%s %.1f, ", name, (b - a) / 60 }')
  used=$now
}

# The seconds in the output of `times`.
seconds_of_children() { awk 'NR == 2 { gsub(/[ms]/, " "); print $1 * 60 + $2 + $3 * 60 + $4 }' "$1"; }

tell_parts() {
  if [ -f "$rig_times" ]; then
    parts+=$(awk -v s="$(seconds_of_children "$rig_times")" 'BEGIN { printf "including the rig %.1f, ", s / 60 }')
  fi

  note "minutes of processor time: ${parts}in all $(awk -v s="$used" 'BEGIN { printf "%.1f", s / 60 }'); on the clock $(awk -v s="$SECONDS" 'BEGIN { printf "%.1f", s / 60 }')"
}

install_tools() {
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    note "not root on Debian: nothing is installed, tests that need a missing program are skipped"
    return
  fi
  note "preparing the rig"
  tests/rig/build.sh >/dev/null || note "the rig is not available"
  install_program qemu-system-arm qemu-system-arm
  install_program wine wine wine64
  install_program qemu-aarch64 qemu-user
  install_program zip zip
  install_program stm32flash stm32flash
  install_program zsh zsh
  install_program fish fish
  install_powershell
  if [ "${UPLOADHELPER_LONG_TESTS:-}" = 1 ]; then
    install_program arduino arduino
    install_program Xvfb xvfb
    install_program arm-none-eabi-gcc gcc-arm-none-eabi
  fi
}

# The package lists are updated only if a package cannot be installed without that.
install_program() {
  local program=$1
  shift
  command -v "$program" >/dev/null && return
  note "installing $program"
  apt_install "$@" || { apt-get update >/dev/null 2>&1; apt_install "$@"; } || note "$program is not available"
}

# A .NET tool; Debian does not have it.
install_powershell() {
  local folder=$PWD/artifacts/powershell
  if ! command -v pwsh >/dev/null; then
    [ -x "$folder/pwsh" ] || { note "installing pwsh"; dotnet tool install PowerShell --version 7.6.9 --tool-path "$folder" >/dev/null 2>&1; } || note "pwsh is not available"
    PATH=$PATH:$folder
  fi
}

apt_install() { DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >/dev/null 2>&1; }

# The build on LibUsbDotNet, if NuGet has that package; the tests find it by these variables.
build_libusbdotnet() {
  local log folder=artifacts/libusbdotnet
  if [ -n "${UPLOADHELPER_LIBUSBDOTNET_EXE:-}" ]; then
    note "the build on LibUsbDotNet is in $UPLOADHELPER_LIBUSBDOTNET_EXE"
    return
  fi
  if ! log=$(dotnet restore src/UploadHelper.Devices --nologo -p:UsbLayer=LibUsbDotNet --artifacts-path $folder 2>&1); then
    note "left out: the build on LibUsbDotNet (-p:UsbLayer=LibUsbDotNet): $(grep -o 'NU[0-9]*: .*' <<<"$log" | head -1)"
    return
  fi
  must dotnet build tests/UploadHelper.Tests -c Debug --nologo -v quiet -p:UsbLayer=LibUsbDotNet --artifacts-path $folder
  PUBLISH_DIRECTORY=$folder/publish must scripts/publish.sh linux-x64 -p:UsbLayer=LibUsbDotNet --artifacts-path $folder
  export UPLOADHELPER_LIBUSBDOTNET_TESTS=$PWD/$folder/bin/UploadHelper.Tests/debug/UploadHelper.Tests.dll
  export UPLOADHELPER_LIBUSBDOTNET_EXE=$PWD/$folder/publish/linux-x64/upload-helper
}

# Adds up the counters of the results file, which no test's output can imitate. A run that leaves none is a failure.
run_tests() {
  local results exit total executed passed failed
  results=$(mktemp -d)
  dotnet test "tests/$1" --no-build -c Debug --nologo --logger "console;verbosity=minimal" \
    --logger "trx;LogFileName=results.trx" --results-directory "$results" >"$results/log" 2>&1
  exit=$?
  [ "$exit" = 0 ] || cat "$results/log"
  total=$(counter total)
  executed=$(counter executed)
  passed=$(counter passed)
  failed=$(counter failed)
  if [ "${total:-0}" = 0 ]; then
    note "$1 ran no test"
    failures=$((failures + 1))
  elif [ "$exit" != 0 ] && [ "$failed" = 0 ]; then
    note "$1 ended with $exit"
    failures=$((failures + 1))
  else
    awk -f scripts/results.awk "$results/results.trx"
  fi
  note "$1: ${passed:-0} passed, ${failed:-0} failed, $((${total:-0} - ${executed:-0})) skipped"
  all_passed=$((all_passed + ${passed:-0}))
  failures=$((failures + ${failed:-0}))
  all_skipped=$((all_skipped + ${total:-0} - ${executed:-0}))
  rm -rf "$results"
}

counter() { sed -n "s/^ *<Counters .*\\b$1=\"\\([0-9]*\\)\".*/\\1/p" "$results/results.trx" 2>/dev/null; }

finish() {
  if [ "$all_skipped" = 0 ]; then
    echo "$all_passed passed, $failures failed"
  else
    echo "$all_passed passed, $failures failed, $all_skipped skipped"
  fi
  [ "$failures" = 0 ] && [ "$all_passed" -gt 0 ]
  exit
}

all_passed=0
all_skipped=0
parts=
used=0
rig_times=artifacts/rig/.rig/times
rm -f "$rig_times"
used_file=$(mktemp)
trap 'rm -f "$used_file"' EXIT
if [ "${1:-}" != --fast ]; then
  install_tools
  part tools
fi
must dotnet build -c Debug --nologo -v quiet
part build
if [ "$failures" != 0 ]; then
  note "nothing was built, no test was run"
  finish
fi

# The build has checked the style; what it does not look at are spaces, line ends and the order of usings.
if [ "${1:-}" = --fast ]; then
  must dotnet format whitespace --folder --verify-no-changes --exclude artifacts
else
  must dotnet format --verify-no-changes --no-restore
fi
part format
run_tests UploadHelper.Tests
part "unit tests"
if [ "${1:-}" != --fast ]; then
  build_libusbdotnet
  must scripts/publish.sh linux-x64
  if command -v qemu-aarch64 >/dev/null; then
    must scripts/publish.sh linux-arm64
  fi
  if command -v wine >/dev/null; then
    must scripts/publish.sh win-x64 --no-r2r
  fi
  part publishing
  run_tests UploadHelper.EndToEnd
  part "published file, rig, Wine"
  if [ "$failures" != 0 ] && [ -d artifacts/rig ]; then
    note "what the rig's machines left is in artifacts/rig"
  fi
else
  note "left out: published executable, rig, Arduino IDE, Wine, processor (--fast)"
fi

tell_parts
finish
