#!/usr/bin/env bash
# Uploads again and again to one virtual board through a real Linux USB stack, two sketches in turn, with faults at random:
# scripts/soak.sh [UPLOADS] [SEED]. Every upload must be right or rightly reported, and the process must not grow.
# By hand: 200 uploads take half an hour. The seed is printed. Needs the rig (root on Debian).
set -euo pipefail
cd "$(dirname "$0")/.."

uploads=${1:-200}
seed=${2:-$RANDOM}
built=artifacts
dotnet build tests/soak/UploadHelper.Soak -c Release --nologo -v quiet
[ -x $built/publish/linux-x64/upload-helper ] || scripts/publish.sh linux-x64
tests/rig/build.sh >/dev/null
echo "seed $seed"
RIG_OUT=$built/rig/soak RIG_SECONDS=$((600 + uploads * 60)) RIG_TIMEOUT=$((86400 + uploads * 600)) scripts/rig.sh bash tests/rig/scenarios/soak.sh "$uploads" "$seed"
