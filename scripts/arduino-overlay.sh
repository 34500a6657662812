# Finds the overlay in arduino/ for a core. Sourced by other scripts, which set `here` to the repository.

# Cores are recognised by their boards, because both parts of Arduino_STM32 have the same package name.
overlay_of() {
  case $(grep -m1 -oE '^(genericSTM32F103C|generic_f407v|BLACK_F407XX|GenF4)\.' "$1/boards.txt") in
    genericSTM32F103C.) echo Arduino_STM32-F1 ;;
    generic_f407v.) echo Arduino_STM32-F4 ;;
    BLACK_F407XX.) echo STM32GENERIC ;;
    GenF4.) echo Arduino_Core_STM32 ;;
  esac
}

# Prints an overlay's boards.local.txt without the boards that this version of the core does not have; the IDE would show
# them as boards without a name.
for_boards_of() { awk -F. 'NR == FNR { known[$1] = 1; next } /^(#|$)/ || ($1 in known)' "$1/boards.txt" "$2"; }

# Copies what `upload-helper boards` reads of a core, with the overlay, to a folder: with_overlay CORE OVERLAY FOLDER
with_overlay() {
  mkdir -p "$3"
  cp "$1/boards.txt" "$1/platform.txt" "$here/arduino/$2/platform.local.txt" "$3/"
  for_boards_of "$1" "$here/arduino/$2/boards.local.txt" >"$3/boards.local.txt"
}

# Reads the output of `upload-helper boards FOLDER`. Prints a line for each choice of options that uploads to a DFU bootloader:
# board, options, ids, alternate setting, offset, size; separated by tabs. Upload methods that upload in the same way, "(or ...)", are
# lines of their own, since they compile differently; so are those of a board whose methods all upload in the same way, which
# the output does not name: board_rows FOLDER
board_rows() {
  awk -v OFS='\t' '
    NR == FNR {
      split($0, key, /[.=]/)
      if (match($0, /^[^.=]+\.menu\.upload_method\.[^.=]+=/) && !((key[1], key[4]) in known)) {
        known[key[1], key[4]] = 1
        offered[key[1]] = (offered[key[1]] == "" ? "" : offered[key[1]] " or ") key[4]
      }
      next
    }
    /^[^ ]/ { split($0, board, ": "); next }
    /not by DFU|serial adapter/ { next }
    {
      sub(/^ +/, "")
      options = ""
      if (match($0, /^[^ ]*=.*: [0-9A-F]+:/)) { at = index($0, ": "); options = substr($0, 1, at - 1); $0 = substr($0, at + 2) }
      split($0, fact, ", ")
      split(fact[1] " alt ", id, " alt ")
      sub(/^offset /, "", fact[2]); sub(/ bytes at most$/, "", fact[3]); sub(/ to /, " - ", fact[3])
      gsub(/,/, ", ", options)
      methods = 1
      if (match(options, /upload_method=[^ ]+ \(or [^)]*\)/)) {
        before = substr(options, 1, RSTART - 1)
        after = substr(options, RSTART + RLENGTH)
        text = substr(options, RSTART, RLENGTH - 1)
        sub(/\(or /, "or ", text)
        sub(/^upload_method=/, "", text)
        methods = split(text, method, " or ")
      } else if (options !~ /upload_method=/ && offered[board[1]] ~ / or /) {
        before = options (options == "" ? "" : ", ")
        after = ""
        methods = split(offered[board[1]], method, " or ")
      }
      for (i = 1; i <= methods; i++) {
        if (methods > 1) options = before "upload_method=" method[i] after
        print board[1], options, id[1], id[2], fact[2], fact[3]
      }
    }' <(cat "$1/boards.txt" "$1/boards.local.txt" | tr -d '\r') -
}
