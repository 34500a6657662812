#!/usr/bin/env bash
# Turns a recording into a test that stays: scripts/fixture.sh TRACE [NAME]
# TRACE is what --trace FILE wrote, a USB capture, or a device emulation of fwupd (also its archive, of which setup.json is taken).
# Writes tests/recordings/NAME.trace, without what identifies a person or a board, and runs it as a test. The README there says more.
set -euo pipefail
cd "$(dirname "$0")/.."

[ $# -ge 1 ] && [ $# -le 2 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
trace=$(realpath "$1")
name=${2:-$(basename "${trace%.*}")}
[[ $name =~ ^[A-Za-z0-9._-]+$ ]] || { echo "fixture.sh: \"$name\" is no name for a file; give one of letters, digits and dashes" >&2; exit 2; }
log=$(mktemp)
unpacked=$(mktemp)
trap 'rm -f "$log" "$unpacked"' EXIT
if [ "$(head -c 2 "$trace")" = PK ]; then
    unzip -p "$trace" setup.json >"$unpacked"
    trace=$unpacked
fi

export UPLOADHELPER_FIXTURE=$trace UPLOADHELPER_FIXTURE_NAME=$name
[ -n "${NO_BUILD:-}" ] || dotnet build tests/UploadHelper.Tests -c Debug --nologo -v quiet
exit=0
dotnet test tests/UploadHelper.Tests -c Debug --no-build --nologo --filter "FullyQualifiedName~RecordingTests.Make" --logger "console;verbosity=detailed" >"$log" 2>&1 || exit=$?
sed -n 's/^ *fixture: //p' "$log"
if [ "$exit" != 0 ]; then
    sed -n '/Error Message:/,/Stack Trace:/{/Stack Trace:/d;/Error Message:/d;p}' "$log"
    echo "fixture.sh: tests/recordings/$name.trace is there, but this version does something else than was recorded" >&2
    exit 1
fi

echo "tests/recordings/$name.trace is a test now. Look through it, and commit it."
