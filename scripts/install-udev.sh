#!/usr/bin/env bash
# Gives the user who is logged in at this computer access to STM32 boards: sudo scripts/install-udev.sh [--remove]
# Installs 60-upload-helper.rules in /etc/udev/rules.d (or removes it) and makes udev reload its rules. If DESTDIR is set, the
# file is installed below that folder without reloading, which does not require root.
set -euo pipefail

name=60-upload-helper.rules
folder=${DESTDIR:-}/etc/udev/rules.d
here=$(cd "$(dirname "$0")" && pwd)

fail() {
  printf 'install-udev.sh: %s\n' "$*" >&2
  exit 1
}

# The rules are in the folder of this script, or in arduino/udev.
rules() {
  local file
  for file in "$here/$name" "$here/../arduino/udev/$name"; do
    if [ -f "$file" ]; then
      printf '%s\n' "$file"
      return
    fi
  done
  fail "$name not found, neither in the folder of this script nor in arduino/udev"
}

# Applies the rules to devices that are already plugged in. In a container, for example, udev may not be running.
reload() {
  if [ -n "${DESTDIR:-}" ]; then
    return
  fi
  if udevadm control --reload >/dev/null 2>&1; then
    udevadm trigger --action=change --subsystem-match=usb --subsystem-match=tty
  else
    echo "udev is not running here: the rules take effect when it starts"
  fi
}

case ${1:-} in
'' | --remove) ;;
*) fail "usage: sudo $0 [--remove]" ;;
esac
if [ -z "${DESTDIR:-}" ] && [ "$(id -u)" != 0 ]; then
  fail "root is required: sudo $0 ${1:-}"
fi

if [ "${1:-}" = --remove ]; then
  rm -f "$folder/$name"
  reload
  echo "removed $folder/$name"
else
  source=$(rules)
  install -D -m 0644 "$source" "$folder/$name"
  reload
  echo "installed $folder/$name"
fi
