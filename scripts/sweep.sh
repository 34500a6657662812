#!/usr/bin/env bash
# Uploads to virtual boards while things fail, and looks whether the promises of src/README.md hold:
#   scripts/sweep.sh pairs                   every pair of faults that differ (more than a million uploads, about an hour)
#   scripts/sweep.sh random [SECONDS [SEED]] two to four faults at random, SECONDS (60) for each kind of board
# Prints the counts for each kind of board, and every broken promise with the options of `--simulate` that reproduce it. The
# same seed repeats the same trials. The unit tests run a share of the pairs, and a few of the random ones.
set -euo pipefail
cd "$(dirname "$0")/.."

case ${1:-} in
  pairs)
    export UPLOADHELPER_SWEEP_PAIRS=all
    tests='FullyQualifiedName~Faults&FullyQualifiedName~FaultSweepTests&FullyQualifiedName!~Random'
    ;;
  random)
    export UPLOADHELPER_SWEEP_SECONDS=${2:-60}
    export UPLOADHELPER_SWEEP_SEED=${3:-$RANDOM}
    echo "sweep.sh: $UPLOADHELPER_SWEEP_SECONDS s per kind of board, seed $UPLOADHELPER_SWEEP_SEED"
    tests=RandomFaultSweepTests
    ;;
  *)
    sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2
    exit 2
    ;;
esac

dotnet build tests/UploadHelper.Tests -c Release --nologo -v quiet
log=$(mktemp)
trap 'rm -f "$log"' EXIT
exit=0
dotnet test tests/UploadHelper.Tests -c Release --no-build --nologo --filter "$tests" --logger "console;verbosity=detailed" >"$log" 2>&1 || exit=$?
sed -n 's/^ *\([a-z0-9=,.-]*: .*broken promises.*\)/\1/p; s/^ *\([a-z0-9-]*,[a-z]*=.*: .*\)/\1/p' "$log" | sort -u
awk '/^ *[a-z0-9=,.-]*: .* uploads, .*broken promises/ { for (i = 2; i <= NF; i++) { if ($i == "uploads,") uploads += $(i - 1); if ($i == "broken") broken += $(i - 1) } }
  END { printf "sweep.sh: %d uploads, %d broken promises\n", uploads, broken }' "$log"
[ "$exit" = 0 ] || tail -5 "$log"
exit "$exit"
