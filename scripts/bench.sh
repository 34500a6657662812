#!/usr/bin/env bash
# Measures, prints tables, and writes them to tests/benchmarks/README.md with machine and date: scripts/bench.sh [--exact]
# --exact: virtual time alone, which is the same on every machine. Else also start-up and memory of the published file,
# stm32flash beside it if it is installed, and dfu-util beside it in the rig, where that is available (root on Debian).
set -euo pipefail
cd "$(dirname "$0")/.."

built=artifacts
report=tests/benchmarks/README.md
bench=tests/benchmarks/UploadHelper.Benchmarks
dotnet build "$bench" -c Release --nologo -v quiet
arguments=("$report")
if [ "${1:-}" != --exact ]; then
  scripts/publish.sh linux-x64
  dotnet publish tests/benchmarks/Empty -c Release -r linux-x64 -o $built/publish/empty --nologo -v quiet -p:DebugType=none
  arguments+=($built/publish/linux-x64/upload-helper $built/publish/empty/empty tests/firmware/blink-08000000.bin)
  if tests/rig/build.sh >/dev/null; then
    rm -rf $built/rig/bench
    RIG_OUT=$built/rig/bench RIG_SECONDS=1800 RIG_TIMEOUT=86400 scripts/rig.sh bash -c 'bash tests/rig/scenarios/bench.sh; bash tests/rig/scenarios/chain.sh'
    arguments+=($built/rig/bench)
  else
    echo "bench.sh: the rig is not available; dfu-util is not measured in real time" >&2
  fi
fi

dotnet run --project "$bench" -c Release --no-build -- "${arguments[@]}"
