#!/usr/bin/env bash
# Attacks the parsers with AFL++, guided by the branches that SharpFuzz marks in the program: scripts/fuzz.sh TARGET|all [SECONDS]
# SECONDS of processor time for each target (the default is 60), from the kept inputs on. What is found is kept in
# tests/fuzz/corpus, and its README.md gets the figures. Inputs that crash a target are in artifacts/fuzz/crashes. Once the bug is
# fixed, move one to tests/fuzz/found/TARGET, where the tests try it again. Needs afl++ and procps (Debian). It is nice, so it can
# run beside other work; stop it with Ctrl-C or SIGTERM: the figures of the target that is being attacked are then lost.
#
# The columns of the table:
#   processor seconds, runs   spent under AFL++ in all. A run tries one input, and once more with mended checksums.
#   branches reached          A branch is a place that SharpFuzz marks: the start of a method, each way out of a condition, each case
#                             of a switch, each handler of exceptions. It is reached if a kept input goes there.
#   branches                  All of them in the classes that the target names (FuzzTarget.Classes). What other commands or devices
#                             than the target's need, and defences against what cannot happen, are among them: 100 % is not possible.
#   crashes                   Inputs that AFL++ saved because they crash or hang on a path of their own; a defect has several.
set -euo pipefail
cd "$(dirname "$0")/.."

[ $# -ge 1 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 2; }
command -v afl-fuzz >/dev/null || { echo "fuzz.sh: afl-fuzz is missing. Debian: apt-get install afl++" >&2; exit 2; }

out=artifacts/fuzz
afl=$out/afl/UploadHelper.Fuzz.dll
count=$out/count/UploadHelper.Fuzz.dll
seconds=${2:-60}
dotnet=$(command -v dotnet)

# A .NET program is no binary of AFL++'s own compiler, and its map has SharpFuzz's size. Time limits are generous: others work here too.
export AFL_SKIP_BIN_CHECK=1 AFL_MAP_SIZE=65536 AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1
export DOTNET_TieredPGO=0

build() {
  rm -rf $out/afl $out/count
  mkdir -p $out/crashes
  dotnet build tests/fuzz/UploadHelper.Fuzz -c Release --nologo -v quiet -o $out/build
  cp -r $out/build $out/afl
  cp -r $out/build $out/count
  dotnet $out/build/UploadHelper.Fuzz.dll instrument $out/afl
  dotnet $out/build/UploadHelper.Fuzz.dll instrument $out/count count
}

# The processor seconds that afl-fuzz, SharpFuzz's server (which has a session of its own) and the attacked process have used.
used() {
  local server
  server=$(pgrep -P "$1" || true)
  { ps S -o cputimes= -p "$1" -s "${server:-$1}" || true; } | awk '{ s += $1 } END { print s + 0 }'
}

attack() {
  local target=$1 work=$out/$1 pid spent
  mkdir -p "$work/seeds"
  dotnet $afl seeds "$target" "$work/seeds"
  dotnet $afl dictionary "$target" >"$work/dictionary"
  rm -rf "$work/afl"
  nice -n 19 afl-fuzz -i "$work/seeds" -o "$work/afl" -x "$work/dictionary" -G 65536 -t 10000 -- "$dotnet" $afl run "$target" >"$work/log" 2>&1 &
  pid=$!
  trap 'kill -TERM $pid; exit 1' INT TERM
  spent=0
  while [ "$spent" -lt "$seconds" ] && kill -0 $pid 2>/dev/null; do
    sleep 2
    spent=$(used $pid)
  done
  kill -TERM $pid 2>/dev/null || { tail -20 "$work/log"; exit 1; }
  wait $pid || true
  trap - INT TERM
  keep "$target" "$work" "$spent"
}

# The next attack begins with one input for each pair of branches and how often it is taken; one for each pair is kept.
keep() {
  local target=$1 work=$2 stats=$2/afl/default/fuzzer_stats crashes
  stat() { awk -v name="$1" '$1 == name { print $3 }' "$stats"; }
  rm -rf "$work/seeds" "$work/least"
  fewest "$target" "$work/afl/default/queue" "$work/seeds"
  fewest "$target" "$work/seeds" "$work/least" -e
  crashes=$(($(stat saved_crashes) + $(stat saved_hangs)))
  find "$work"/afl/default/crashes "$work"/afl/default/hangs -name 'id*' | while read -r file; do
    cp "$file" "$out/crashes/$target-$(md5sum <"$file" | cut -c1-8)"
  done
  dotnet $count keep "$target" "$work/least" "$3" "$(stat execs_done)" "$crashes"
}

# fewest TARGET FROM TO [OPTION]: the inputs without which something would not be reached any more.
fewest() {
  nice -n 19 afl-cmin "${@:4}" -i "$2" -o "$3" -t 10000 -- "$dotnet" $afl run "$1" >"$out/$1/cmin" 2>&1 || { tail -20 "$out/$1/cmin" >&2; exit 1; }
}

build
targets=$1
[ "$targets" != all ] || targets=$(dotnet $afl list)
for target in $targets; do
  attack "$target"
done
