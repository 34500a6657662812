/* What F4Bootloader does when its wait is over: Src/main.c of victorpv/F4Bootloader@bcf6ae4, userAppExists(), jumpToApp()
   and boot_jump(). It waits for nobody, has no USB, and where the real one would stay in DFU mode it says so. */
#include <stdint.h>

#define SKETCH 0x08004000
#define VECTORS ((const volatile uint32_t *)SKETCH)
#define SCB_VTOR (*(volatile uint32_t *)0xE000ED08)
#define USART1_DR (*(volatile uint32_t *)0x40011004)
#define USART1_CR1 (*(volatile uint32_t *)0x4001100C)
#define TX_ENABLED 0x200C

extern uint32_t _estack;

static int sketch_exists(void)
{
    uint32_t region = VECTORS[0] & 0xFFFC0000;
    return region == 0x20000000 || region == 0x10000000;
}

static _Noreturn void start_sketch(void)
{
    uint32_t stack = VECTORS[0];
    uint32_t reset = VECTORS[1];
    SCB_VTOR = SKETCH;
    __asm__ volatile("msr msp, %0\n\tbx %1" : : "r"(stack), "r"(reset));
    __builtin_unreachable();
}

void Reset_Handler(void)
{
    if (sketch_exists()) {
        start_sketch();
    }

    USART1_CR1 = TX_ENABLED;
    for (const char *text = "no sketch\n"; *text; text++) {
        USART1_DR = (uint32_t)*text;
    }
    for (;;) {
    }
}

__attribute__((section(".isr_vector"), used)) void (*const vectors[])(void) = {
    (void (*)(void))&_estack,
    Reset_Handler,
};
