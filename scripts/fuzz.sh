#!/usr/bin/env bash
# Fuzz-tests the parsers: scripts/fuzz.sh [PARSER|all] [COUNT] [SEED]
# The default is ten million damaged inputs for each parser, which takes hours. The seed is printed; the same seed generates the
# same inputs. An input that crashes a parser is saved in artifacts/fuzz. Once the bug is fixed, move the file to
# tests/fuzz/found/PARSER, where the tests try it again.
set -euo pipefail
cd "$(dirname "$0")/.."

mkdir -p artifacts/fuzz
dotnet build -c Release --nologo -v quiet tests/fuzz/UploadHelper.Fuzz
exec nice -n 19 dotnet run -c Release --no-build --project tests/fuzz/UploadHelper.Fuzz -- \
  "${1:-all}" "${2:-10000000}" "${3:-$RANDOM}" artifacts/fuzz
