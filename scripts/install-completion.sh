#!/usr/bin/env bash
# Installs completion of upload-helper for bash, zsh and fish: scripts/install-completion.sh [--remove]
# For the current user only, in ~/.local/share and ~/.config. With DESTDIR set, in that folder.
set -euo pipefail

here=$(cd "$(dirname "$0")/completion" && pwd)
data=${DESTDIR:-}${XDG_DATA_HOME:-$HOME/.local/share}
config=${DESTDIR:-}${XDG_CONFIG_HOME:-$HOME/.config}
bash_file=$data/bash-completion/completions/upload-helper
zsh_file=$data/zsh/site-functions/_upload-helper
fish_file=$config/fish/completions/upload-helper.fish

case ${1:-} in
  "")
    install -D -m 644 "$here/upload-helper.bash" "$bash_file"
    install -D -m 644 "$here/_upload-helper" "$zsh_file"
    install -D -m 644 "$here/upload-helper.fish" "$fish_file"
    echo "Installed for bash, zsh and fish. Open a new shell to use it."
    echo "bash needs the package bash-completion. zsh needs this line in ~/.zshrc, before compinit: fpath+=(${zsh_file%/*})"
    ;;
  --remove)
    rm -f "$bash_file" "$zsh_file" "$fish_file"
    echo "Removed."
    ;;
  *)
    echo "install-completion.sh: unknown option \"$1\"; the only option is --remove" >&2
    exit 2
    ;;
esac
