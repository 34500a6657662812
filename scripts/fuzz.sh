#!/usr/bin/env bash
# Attacks the parsers with damaged input: scripts/fuzz.sh [PARSER|all] [COUNT] [SEED]
# By default all of them with ten million inputs each, which takes hours. The seed is printed: the same one tries the same
# inputs. What crashes is written to artifacts/fuzz; once it is mended, the file belongs into tests/fuzz/found/PARSER, where the
# tests try it again.
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p artifacts/fuzz
dotnet build -c Release --nologo -v quiet tests/fuzz/UploadHelper.Fuzz
exec nice -n 19 dotnet run -c Release --no-build --project tests/fuzz/UploadHelper.Fuzz -- \
  "${1:-all}" "${2:-10000000}" "${3:-$RANDOM}" artifacts/fuzz
