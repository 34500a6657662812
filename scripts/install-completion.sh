#!/usr/bin/env bash
# Has bash, zsh and fish complete what is typed for upload-helper: scripts/install-completion.sh [--remove]
# For this user alone, below ~/.local/share and ~/.config. With DESTDIR set, below that folder.
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
    echo "Installed for bash, zsh and fish. A shell that runs already does not know it yet: open a new one."
    echo "bash: needs the package bash-completion. zsh: needs in ~/.zshrc, before compinit: fpath+=(${zsh_file%/*})"
    ;;
  --remove)
    rm -f "$bash_file" "$zsh_file" "$fish_file"
    echo "Removed."
    ;;
  *)
    echo "install-completion.sh: unknown option \"$1\"; there is --remove" >&2
    exit 2
    ;;
esac
