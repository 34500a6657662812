#!/usr/bin/env bash
# Gives the user at this computer access to STM32 boards: sudo scripts/install-udev.sh [--remove]
# Puts 60-upload-helper.rules into /etc/udev/rules.d (or takes it away) and has udev read its rules anew. With DESTDIR set
# the file goes below that folder, and udev is left alone: that needs no rights.
set -euo pipefail

name=60-upload-helper.rules
folder=${DESTDIR:-}/etc/udev/rules.d
here=$(cd "$(dirname "$0")" && pwd)

fail() {
  printf 'install-udev.sh: %s\n' "$*" >&2
  exit 1
}

# The rules lie beside this script in a package, and in arduino/udev in the repository.
rules() {
  local file
  for file in "$here/$name" "$here/../arduino/udev/$name"; do
    if [ -f "$file" ]; then
      printf '%s\n' "$file"
      return
    fi
  done
  fail "$name is neither beside this script nor in arduino/udev"
}

# What is plugged in already gets its rights at once. Without a running udev (a container) there is nobody to tell.
reload() {
  if [ -n "${DESTDIR:-}" ]; then
    return
  fi
  if udevadm control --reload >/dev/null 2>&1; then
    udevadm trigger --action=change --subsystem-match=usb --subsystem-match=tty
  else
    echo "udev does not run here: the rules count from its next start"
  fi
}

case ${1:-} in
'' | --remove) ;;
*) fail "usage: sudo $0 [--remove]" ;;
esac
if [ -z "${DESTDIR:-}" ] && [ "$(id -u)" != 0 ]; then
  fail "this needs root: sudo $0 ${1:-}"
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
