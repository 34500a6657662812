#!/usr/bin/env bash
# Uploads to virtual boards with several random faults at once: scripts/sweep.sh [SECONDS [SEED]]
# SECONDS for each kind of board; the default is 60. Prints the seed, the counts for each kind of board, and every broken
# promise with the options of `--simulate` that reproduce it. The same seed repeats the same trials.
set -euo pipefail
cd "$(dirname "$0")/.."

export UPLOADHELPER_SWEEP_SECONDS=${1:-60}
export UPLOADHELPER_SWEEP_SEED=${2:-$RANDOM}
echo "sweep.sh: $UPLOADHELPER_SWEEP_SECONDS s per kind of board, seed $UPLOADHELPER_SWEEP_SEED"
dotnet build tests/UploadHelper.Tests -c Debug --nologo -v quiet
log=$(mktemp)
trap 'rm -f "$log"' EXIT
exit=0
dotnet test tests/UploadHelper.Tests -c Debug --no-build --nologo --filter RandomFaultSweepTests --logger "console;verbosity=detailed" >"$log" 2>&1 || exit=$?
sed -n 's/^ *\([a-z0-9-]*: seed .*random trials.*\)/\1/p; s/^ *\([a-z0-9-]*,[a-z]*=.*: .*\)/\1/p' "$log" | sort -u
[ "$exit" = 0 ] || tail -5 "$log"
exit "$exit"
