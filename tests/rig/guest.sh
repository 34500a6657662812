#!/bin/bash
# Second stage, on the host's file system: udev if it is wanted, then the command.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp TERM=dumb DOTNET_gcServer=0
. /rig-out/.rig/environment
[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
if [ "$RIG_UDEV" = yes ]; then
  /lib/systemd/systemd-udevd --daemon
  udevadm trigger
fi

cd "$RIG_DIRECTORY" || exit
bash /rig-out/.rig/command >/rig-out/.rig/stdout 2>/rig-out/.rig/stderr </dev/null
echo $? >/rig-out/.rig/status
