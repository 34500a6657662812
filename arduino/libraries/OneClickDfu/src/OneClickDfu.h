/*
 * OneClickDfu: the sketch resets into ST's USB DFU bootloader in ROM when upload-helper asks for it on the serial port.
 *
 * With the menu option "DFU, one click" nothing has to be included. Without it, include this file, and put the line
 * -DDTR_TOGGLING_SEQ into a file build_opt.h beside the sketch: then Arduino_Core_STM32 calls the library.
 */
#ifndef ONE_CLICK_DFU_H
#define ONE_CLICK_DFU_H

#include <stdint.h>

#if defined(ARDUINO_ARCH_STM32) && !defined(DTR_TOGGLING_SEQ)
#error "OneClickDfu: put the line -DDTR_TOGGLING_SEQ into a file build_opt.h beside the sketch, or select the upload method 'DFU, one click'"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Resets into the bootloader. For a sketch that has a reason of its own, such as a button. */
void oneClickDfu(void) __attribute__((noreturn));

/* The core calls it with a packet that follows more than three changes of the lines DTR and RTS. */
void dtr_togglingHook(uint8_t *packet, uint32_t *length);

/* Cores with pull request 3063 call it when the host closes the port at 1200 baud. */
void cdc_1200bps_touchHook(void);

#ifdef __cplusplus
}
#endif
#endif
