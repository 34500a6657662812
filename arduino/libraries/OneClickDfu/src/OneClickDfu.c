/*
 * A request to enter the bootloader is two words in RAM, followed by a software reset. After the reset, start-up code runs
 * `start` before any constructor. It finds the request, and enters the bootloader while nearly everything is still as the
 * reset left it: no clock but the internal one, no interrupt enabled, SysTick off.
 *
 * The words lie 256 bytes below the initial stack pointer. Start-up code has not used that much stack by then, it neither
 * copies nor clears anything there, and the bootloader keeps to the first 16 KiB of RAM. A backup register would survive as
 * well, but parts differ in how many they have and how to reach them, and sketches use them.
 *
 * Nobody jumps by accident: the request counts only after a software reset, which the chip records itself. After power-up
 * and after RESET the words are not even read. One word is the complement of the other.
 *
 * The request outlives the jump. The bootloader measures the crystal, and resets the chip when that fails (AN2606); entered
 * by BOOT0 it then tries again, entered by a jump the sketch would start. A pull request for Arduino_Core_STM32 (3063)
 * reached DFU on an STM32F405 in only 5 of 12 single attempts. The record of the reset is cleared before the jump, so the
 * bootloader's own reset continues the request, and a start of the sketch without a reset, at the end of an upload, ends it.
 *
 * This file is compiled alone, by the command that links the sketch, as C or as C++: it includes nothing of the core.
 */
#include "OneClickDfu.h"

/* ROM: where the bootloader is (AN2606). RESETS: the register that records resets, SOFTWARE and FORGET in it.
 * CLOCK and REMAP: the clock of SYSCFG, and its register that maps the ROM to address 0, where the part has it (reference
 * manual of each series). As with BOOT0, the ROM's vectors are then at 0; AN2606 asks for it on parts with two banks. */
#if defined(STM32F2xx) || defined(STM32F4xx)
#define ROM 0x1FFF0000
#define RESETS 0x40023874
#define CLOCK 0x40023844
#define CLOCK_BIT 14
#define REMAP 0x40013800
#elif defined(STM32F7xx)
#define ROM 0x1FF00000
#define RESETS 0x40023874
#elif defined(STM32H7A3xx) || defined(STM32H7A3xxQ) || defined(STM32H7B0xx) || defined(STM32H7B0xxQ) || defined(STM32H7B3xx) || defined(STM32H7B3xxQ)
#define ROM 0x1FF0A000
#define RESETS 0x58024530
#elif defined(STM32H7xx)
#define ROM 0x1FF09800
#define RESETS 0x580244D0
#elif defined(STM32L4xx) || defined(STM32G4xx)
#define ROM 0x1FFF0000
#define RESETS 0x40021094
#define CLOCK 0x40021060
#define CLOCK_BIT 0
#define REMAP 0x40010000
#elif defined(STM32WB55xx) || defined(STM32WB5Mxx)
#define ROM 0x1FFF0000
#define RESETS 0x58000094
#define REMAP 0x40010000
#elif defined(STM32G0B1xx) || defined(STM32G0C1xx)
#define ROM 0x1FFF0000
#define RESETS 0x40021060
#define CLOCK 0x40021040
#define CLOCK_BIT 0
#define REMAP 0x40010000
#elif defined(STM32F302x8) || defined(STM32F302xC) || defined(STM32F302xE) || defined(STM32F303xC) || defined(STM32F303xE) || defined(STM32F373xC)
#define ROM 0x1FFFD800
#define RESETS 0x40021024
#define CLOCK 0x40021018
#define CLOCK_BIT 0
#define REMAP 0x40010000
#elif defined(STM32F070xB) || defined(STM32F072xB) || defined(STM32F078xx)
#define ROM 0x1FFFC800
#define RESETS 0x40021024
#define CLOCK 0x40021018
#define CLOCK_BIT 0
#define REMAP 0x40010000
#elif defined(STM32F042x6) || defined(STM32F048xx) || defined(STM32F070x6) || defined(STM32L0xx) || defined(STM32L1xx)
#error "OneClickDfu: the bootloader in this chip's ROM starts the sketch again when a sketch jumps to it, or has no USB (AN2606). Select an upload method without 'one click', and start the bootloader with BOOT0 and RESET."
#else
#error "OneClickDfu: this chip is not known to have a USB DFU bootloader in ROM that a sketch can start. Select an upload method without 'one click'."
#endif

#if defined(ONE_CLICK_DFU_CDC) && !defined(USBD_USE_CDC)
#error "OneClickDfu: the sketch has no USB serial port on which it could be asked. Select CDC in the menu 'USB support', or an upload method without 'one click'."
#endif

/* With the menu option, a sketch may include the library as well: once is enough. */
#if defined(ROM) && !defined(ONE_CLICK_DFU_LINKED)

#if defined(STM32H7xx)
#define SOFTWARE 0x03000000 /* of either core */
#define FORGET 0x00010000
#elif defined(STM32L4xx) || defined(STM32G4xx) || defined(STM32WBxx) || defined(STM32G0xx)
#define SOFTWARE 0x10000000
#define FORGET 0x00800000
#else
#define SOFTWARE 0x10000000
#define FORGET 0x01000000
#endif

/* tests/firmware replaces what QEMU does not have. */
#ifdef ONE_CLICK_DFU_ROM
#undef ROM
#undef RESETS
#define ROM ONE_CLICK_DFU_ROM
#define RESETS ONE_CLICK_DFU_RESETS
#endif

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define VTOR REGISTER(0xE000ED08)
#define AIRCR REGISTER(0xE000ED0C)
#define RESET_REQUEST 0x05FA0004
#define CPACR REGISTER(0xE000ED88)
#define DCCMVAC REGISTER(0xE000EF68) /* cleans a line of the data cache */

/* The linker script's name for the initial stack pointer. */
#ifndef ONE_CLICK_DFU_STACK
#define ONE_CLICK_DFU_STACK _estack
#endif
extern uint32_t ONE_CLICK_DFU_STACK[];
#define REQUEST ((volatile uint32_t *)((uint32_t)ONE_CLICK_DFU_STACK - 256))

#define MAGIC 0x0DF01EAFu /* plus the attempts that are left */
#define ATTEMPTS 16u

static inline __attribute__((always_inline)) void ask(volatile uint32_t *request, uint32_t attempts)
{
    request[0] = MAGIC + attempts;
    request[1] = ~(MAGIC + attempts);
}

#ifdef ONE_CLICK_DFU_MARK
/* Arduino_STM32 and STM32GENERIC have no hook. They answer the same packet with a mark for a HID bootloader, in a backup
 * register or in backup RAM, and a software reset. The mark would outlive the request, so it is cleared. (STM32F4 only.) */
#define AHB1ENR REGISTER(0x40023830)
#define BACKUP_RAM (1u << 18)
#define APB1ENR REGISTER(0x40023840)
#define POWER (1u << 28)
#define PWR_CR REGISTER(0x40007000)
#define BACKUP_WRITABLE (1u << 8)
#define MARK 0x424C

static inline uint32_t asked(void)
{
    uint32_t found;
    APB1ENR = POWER; /* No other clock is on yet. */
    AHB1ENR |= BACKUP_RAM;
    PWR_CR |= BACKUP_WRITABLE;
    found = REGISTER(ONE_CLICK_DFU_MARK);
    REGISTER(ONE_CLICK_DFU_MARK) = found == MARK ? 0 : found;
    PWR_CR &= ~BACKUP_WRITABLE;
    AHB1ENR &= ~BACKUP_RAM;
    APB1ENR = 0;
    return found == MARK;
}
#else
void oneClickDfu(void)
{
    volatile uint32_t *request = REQUEST;
    __asm volatile("cpsid i");
    ask(request, ATTEMPTS);
#if defined(STM32F7xx) || defined(STM32H7xx)
    /* The words may be in the data cache only; and RAM with ECC may keep a write back until the next one (AN5342). */
    __asm volatile("dsb" ::: "memory");
    DCCMVAC = (uint32_t)request;
    request[8] = 0;
    DCCMVAC = (uint32_t)(request + 8);
#endif
    __asm volatile("dsb" ::: "memory");
    AIRCR = RESET_REQUEST;
    for (;;) {
    }
}

void dtr_togglingHook(uint8_t *packet, uint32_t *length)
{
    if (*length >= 4 && packet[0] == '1' && packet[1] == 'E' && packet[2] == 'A' && packet[3] == 'F') {
        oneClickDfu();
    }
}

void cdc_1200bps_touchHook(void)
{
    oneClickDfu();
}
#endif

static void start(void)
{
    volatile uint32_t *request = REQUEST;
    uint32_t left = 0;
    if (REGISTER(RESETS) & SOFTWARE) {
        uint32_t word = request[0];
        if (request[1] == ~word) {
            left = word - MAGIC;
        }
#ifdef ONE_CLICK_DFU_MARK
        if (asked()) {
            left = ATTEMPTS;
        }
#endif
    }
    request[0] = 0;
    request[1] = 0;
    if (left - 1 >= ATTEMPTS) {
        return;
    }
    ask(request, left - 1);
    REGISTER(RESETS) |= FORGET;

    /* What the core's SystemInit has changed since the reset, apart from clock registers, to which it writes what they had. */
#if defined(__ARM_ARCH_7EM__)
    CPACR = 0;
#endif
#if defined(REMAP)
#if defined(CLOCK)
    REGISTER(CLOCK) |= 1u << CLOCK_BIT;
    (void)REGISTER(CLOCK); /* The clock takes two cycles to arrive. */
#endif
    REGISTER(REMAP) = 1;
#if defined(CLOCK)
    REGISTER(CLOCK) &= ~(1u << CLOCK_BIT);
#endif
#if !defined(STM32F0xx)
    VTOR = 0;
#endif
#else
    VTOR = ROM;
#endif
    __asm volatile("dsb\n isb\n msr msp, %0\n bx %1" : : "r"(REGISTER(ROM)), "r"(REGISTER(ROM + 4)) : "memory");
    __builtin_unreachable();
}

__attribute__((section(".preinit_array"), used)) static void (*before_constructors)(void) = start;
#endif
