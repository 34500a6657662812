#!/usr/bin/env bash
# Runs a command in a virtual machine with a real Linux USB stack (usbcore, vhci-hcd, cdc-acm):
#   scripts/rig.sh [--no-udev] COMMAND...
# The machine sees this machine's files; what the command writes is gone afterwards, but for what it writes to /rig-out:
# that lands in $RIG_OUT (a temporary folder if that is not set). Exit status: the command's, 124 when it took too long, or
# 125 when the machine hung or died.
#
# The machine's clock counts instructions: each takes 2 ns, however busy this machine is; only while the machine has nothing
# to do does its clock go with this machine's. RIG_SECONDS (default 300) limits the command by that clock: a command that takes
# longer is stopped, and what it has written is kept. RIG_TIMEOUT (default 7200) is in seconds of this machine's clock, and only
# there to stop a machine that hangs.
#
#   scripts/rig.sh --serve
# boots once for many commands. Each line of standard input is one: NAME yes|no SECONDS SHELL-COMMAND, the second word whether
# udev runs. NAME is a folder of $RIG_OUT, which the command has as its /rig-out. Each starts with the host's files as they
# are and an empty bus. When it has ended, "NAME STATUS SECONDS" is printed.
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)

udev=yes
case ${1:-} in
  --serve) serve=yes ;;
  --no-udev) udev=no; shift ;;
esac

folder=$("$repository/tests/rig/build.sh")
out=${RIG_OUT:-$(mktemp -d)}
mkdir -p "$out/.rig"
rm -f "$out/.rig/"*
cp "$repository/tests/rig/guest.sh" "$out/.rig/guest"

# What is said to and by the machine goes over its second serial line. It ends with this script. One processor, since with two
# of them the instructions cannot be counted; without AVX, which takes a tenth more to emulate.
coproc machine {
  exec setpriv --pdeathsig KILL qemu-system-x86_64 \
    -machine q35 -cpu Nehalem -smp 1 -accel tcg,thread=single -icount shift=1 -m 2048 -nic none -vga none -no-reboot \
    -display none -monitor none -chardev stdio,id=jobs,signal=off -serial "file:$out/.rig/console" -serial chardev:jobs \
    -kernel "$folder/vmlinuz" -initrd "$folder/initramfs" \
    -append "console=ttyS0 quiet panic=-1 mitigations=off" \
    -fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap \
    -device virtio-9p-pci,fsdev=root,mount_tag=hostroot \
    -fsdev local,id=out,path="$out",security_model=none \
    -device virtio-9p-pci,fsdev=out,mount_tag=rigout \
    2>"$out/.rig/qemu"
}
exec 7>&"${machine[1]}" 8<&"${machine[0]}"
pid=$machine_PID

# expect WORD: the machine's next word, or the end of the script.
expect() {
  local word
  if ! read -r -t "${RIG_TIMEOUT:-7200}" word <&8 || [ "$word" != "$1" ]; then
    echo "rig.sh: the machine does not answer; the last of its console:" >&2
    tail -20 "$out/.rig/console" "$out/.rig/qemu" >&2 || true
    kill -KILL "$pid" 2>/dev/null || true
    exit 125
  fi
}

# run NAME UDEV SECONDS SHELL-COMMAND
run() {
  local job=$out/$1/.rig
  mkdir -p "$job"
  rm -f "$job/"{status,seconds,stdout,stderr}
  printf 'RIG_UDEV=%q\nRIG_SECONDS=%q\nRIG_DIRECTORY=%q\n' "$2" "$3" "$PWD" >"$job/environment"
  printf '%s\n' "$4" >"$job/command"
  echo "$1" >&7
  expect "$1"
}

expect ready
if [ -n "${serve:-}" ]; then
  while read -r name udev seconds command; do
    run "$name" "$udev" "$seconds" "$command"
    echo "$name $(cat "$out/$name/.rig/status") $(cat "$out/$name/.rig/seconds")"
  done
  echo quit >&7
  wait "$pid"
  times >"$out/.rig/times"
  exit
fi

run . "$udev" "${RIG_SECONDS:-300}" "$(printf '%q ' "${@:-true}")"
echo quit >&7
wait "$pid" || echo "rig.sh: the virtual machine ended with $?" >&2
cat "$out/.rig/stdout"
cat "$out/.rig/stderr" >&2
status=$(cat "$out/.rig/status")
[ -n "${RIG_OUT:-}" ] || rm -rf "$out"
exit "$status"
