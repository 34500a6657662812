#!/usr/bin/env bash
# Runs all tests: scripts/test.sh [--fast]
# Unit and in-process tests always; those of the published executable, the rig (QEMU) and Wine where they can be had: as
# root on Debian the script installs them. --fast leaves these out. Ends with "N passed, N failed[, N skipped]".
set -uo pipefail
cd "$(dirname "$0")/.."

failures=0
note() { printf '== %s\n' "$*"; }
must() { note "$*"; "$@" || { failures=$((failures + 1)); note "failed: $*"; }; }

install_tools() {
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    note "not root on Debian: nothing is installed, tests of what is missing are skipped"
    return
  fi
  note "preparing the rig"
  tests/rig/build.sh >/dev/null || note "the rig cannot be had"
  install_program qemu-system-arm qemu-system-arm
  install_program wine wine wine64
}

# The package lists are fetched anew only when what is known of them is not enough.
install_program() {
  local program=$1
  shift
  command -v "$program" >/dev/null && return
  note "installing $program"
  apt_install "$@" || { apt-get update >/dev/null 2>&1; apt_install "$@"; } || note "$program cannot be had"
}

apt_install() { DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >/dev/null 2>&1; }

# Adds up what the test runs print. A run that prints no result (a build that failed) counts as a failure.
run_tests() {
  local log
  log=$(mktemp)
  dotnet test "tests/$1" --no-build -c Debug --nologo --logger "console;verbosity=normal" >"$log" 2>&1
  local exit=$?
  grep -E '^ *(Failed|Skipped) |^\[xUnit.*(FAIL|SKIP)|Error Message|transfers|requests: ' -A2 "$log" | cut -c1-300
  local total failed passed skipped
  total=$(sed -n 's/^Total tests: *\([0-9]*\).*/\1/p' "$log")
  passed=$(sed -n 's/^ *Passed: *\([0-9]*\).*/\1/p' "$log")
  failed=$(sed -n 's/^ *Failed: *\([0-9]*\).*/\1/p' "$log")
  skipped=$(sed -n 's/^ *Skipped: *\([0-9]*\).*/\1/p' "$log")
  if [ -z "$total" ]; then
    note "$1 printed no result:"
    tail -30 "$log"
    failures=$((failures + 1))
  elif [ "$exit" != 0 ] && [ "${failed:-0}" = 0 ]; then
    note "$1 ended with $exit"
    tail -30 "$log"
    failures=$((failures + 1))
  fi
  note "$1: ${passed:-0} passed, ${failed:-0} failed, ${skipped:-0} skipped"
  all_passed=$((all_passed + ${passed:-0}))
  failures=$((failures + ${failed:-0}))
  all_skipped=$((all_skipped + ${skipped:-0}))
  rm -f "$log"
}

all_passed=0
all_skipped=0
if [ "${1:-}" != --fast ]; then
  install_tools
fi
must dotnet build -c Debug --nologo -v quiet
must dotnet format --verify-no-changes --no-restore
run_tests UploadHelper.Tests
if [ "${1:-}" != --fast ]; then
  must scripts/publish.sh linux-x64
  if command -v wine >/dev/null; then
    must scripts/publish.sh win-x64 --no-r2r
  fi
  run_tests UploadHelper.EndToEnd
else
  note "left out: published executable, rig, Wine (--fast)"
fi

if [ "$all_skipped" = 0 ]; then
  echo "$all_passed passed, $failures failed"
else
  echo "$all_passed passed, $failures failed, $all_skipped skipped"
fi
[ "$failures" = 0 ] && [ "$all_passed" -gt 0 ]
