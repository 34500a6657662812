# Finds the overlay in arduino/ for a core. Sourced by other scripts.

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
