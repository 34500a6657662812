/* Words in RAM that neither start-up code nor stack reaches. QEMU keeps RAM over a reset, and its loader can set words at each. */
#ifndef ONECLICK_H
#define ONECLICK_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define RESETS REGISTER(0x2001FF00)       /* for RCC_CSR, which QEMU does not have */
#define ACTION REGISTER(0x2001FF10)       /* what the sketch does when it starts for the first time */
#define ROM_FAILS REGISTER(0x2001FF14)    /* how often the bootloader resets before it works */
#define ROM_LEAVES REGISTER(0x2001FF18)   /* whether it then starts the sketch */
#define MARK REGISTER(0x2001FF20)         /* for the backup register of Arduino_STM32 */
#define SKETCH_STARTS REGISTER(0x2001FF30)
#define ROM_STARTS REGISTER(0x2001FF34)

#define ANSWER_PACKET 1
#define ANSWER_TOUCH 2
#define OTHER_PACKETS 3
#define CALL 4
#define LEAVE_MARK 5
#define RESET 6

#define AIRCR REGISTER(0xE000ED0C)
#define RESET_REQUEST 0x05FA0004
#define VTOR REGISTER(0xE000ED08)
#define CPACR REGISTER(0xE000ED88)
#define SHCSR REGISTER(0xE000ED24)
#define ICSR REGISTER(0xE000ED04)
#define SYST_CSR REGISTER(0xE000E010)
#define SYST_RVR REGISTER(0xE000E014)
#define SYST_CVR REGISTER(0xE000E018)
#define NVIC_ISER(n) REGISTER(0xE000E100 + 4 * (n))
#define NVIC_ISPR(n) REGISTER(0xE000E200 + 4 * (n))
#define NVIC_IPR(n) REGISTER(0xE000E400 + 4 * (n))

#define USART1_DR REGISTER(0x40011004)
#define USART1_CR1 REGISTER(0x4001100C)
#define TX_ENABLED 0x200C

static void print(const char *text)
{
    USART1_CR1 = TX_ENABLED;
    while (*text) {
        USART1_DR = (uint32_t)*text++;
    }
}

static void print_hex(const char *name, uint32_t value)
{
    print(name);
    print(" ");
    for (int shift = 28; shift >= 0; shift -= 4) {
        USART1_DR = (uint32_t)"0123456789ABCDEF"[value >> shift & 15];
    }
    print("\n");
}

static inline _Noreturn void reset(void)
{
    AIRCR = RESET_REQUEST;
    for (;;) {
    }
}

static inline _Noreturn void stop(void)
{
    print("end\n");
    for (;;) {
    }
}

#endif
