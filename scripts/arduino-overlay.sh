# Which overlay in arduino/ belongs to a core, and what of it. Sourced by other scripts.

# A core is known by its boards; Arduino_STM32 gives both of its parts the same package.
overlay_of() {
  case $(grep -m1 -oE '^(genericSTM32F103C|generic_f407v|BLACK_F407XX|GenF4)\.' "$1/boards.txt") in
    genericSTM32F103C.) echo Arduino_STM32-F1 ;;
    generic_f407v.) echo Arduino_STM32-F4 ;;
    BLACK_F407XX.) echo STM32GENERIC ;;
    GenF4.) echo Arduino_Core_STM32 ;;
  esac
}

# An overlay's boards.local.txt for a core: without boards that this version of it does not have, which would else be
# boards without a name.
for_boards_of() { awk -F. 'NR == FNR { known[$1] = 1; next } /^(#|$)/ || ($1 in known)' "$1/boards.txt" "$2"; }
