#!/bin/bash
# Second stage of the rig: runs the jobs that scripts/rig.sh names on the second serial line, one after the other.
# guest.sh --job NAME runs one of them, in namespaces of its own.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp TERM=dumb DOTNET_gcServer=0 DOTNET_TieredPGO=0
self=/rig-out/.rig/guest

uptime() { cut -d' ' -f1 /proc/uptime; }

# A job finds the host's files as they are, whatever the one before it did to them: its changes are in an overlay of its own.
# What it writes to /rig-out is in memory, and is copied at the end: a board that writes a line of its log never waits for the host.
prepare_root() {
  root=/rig-job/root
  mount -t tmpfs tmpfs /rig-job
  mkdir /rig-job/up /rig-job/work "$root"
  mount -t overlay -o lowerdir=/rig-host,upperdir=/rig-job/up,workdir=/rig-job/work overlay "$root"
  mount -t proc proc "$root/proc"
  mount --rbind /sys "$root/sys"
  mount --rbind /dev "$root/dev"
  mkdir -p "$root/dev/shm" "$root/rig-out"
  for fresh in /dev/shm /run /rig-out; do
    mount -t tmpfs tmpfs "$root$fresh"
  done
}

run_job() {
  local folder=/rig-out/$1 start status
  . "$folder/.rig/environment"
  prepare_root
  if [ "$RIG_UDEV" = yes ]; then
    chroot "$root" /lib/systemd/systemd-udevd --daemon
  fi

  start=$(uptime)
  chroot "$root" /bin/bash -c 'cd "$1" && exec timeout --signal=KILL "$2" bash -c "$3"' \
    job "$RIG_DIRECTORY" "$RIG_SECONDS" "$(cat "$folder/.rig/command")" >/rig-job/stdout 2>/rig-job/stderr </dev/null
  status=$?
  seconds=$(awk -v a="$start" -v b="$(uptime)" 'BEGIN { print b - a }')
  if [ "$status" = 137 ] && awk -v s="$seconds" -v limit="$RIG_SECONDS" 'BEGIN { exit s < limit }'; then
    echo "rig: stopped after $RIG_SECONDS seconds of the machine's time" >>/rig-job/stderr
    status=124
  fi

  cp -r "$root/rig-out/." "$folder/"
  cp /rig-job/stdout /rig-job/stderr "$folder/.rig/"
  echo "$seconds" >"$folder/.rig/seconds"
  echo "$status" >"$folder/.rig/status"
}

# What a job leaves running ends with its process namespace; boards leave the bus with their processes.
clean_up() {
  for _ in $(seq 100); do
    ls /sys/bus/usb/devices | grep -qv '^usb\|:' || break
    sleep 0.1
  done
  rm -rf /dev/serial
}

if [ "${1:-}" = --job ]; then
  run_job "$2"
  exit
fi

[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
exec 3<>/dev/ttyS1
stty raw -echo <&3
echo ready >&3
while read -r name <&3 && [ "$name" != quit ]; do
  unshare --mount --pid --fork --kill-child bash "$self" --job "$name"
  clean_up
  echo "$name" >&3
done
