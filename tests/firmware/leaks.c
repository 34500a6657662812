/* Variables in RAM that a linker script without NOLOAD puts into the image. */
#include <stdint.h>

uint32_t crash_log[12] __attribute__((section(".retained"), used)) = {0xDEADBEEF};
uint32_t mailbox[4] __attribute__((section(".shared"), used)) = {1, 2, 3, 4};
