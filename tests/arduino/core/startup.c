// Vector table and startup. Where the table is, the flags of the board's upload method say: as in Arduino_STM32,
// USER_ADDR_ROM for the F4 and VECT_TAB_ADDR for the F1.
#include <stdint.h>

#ifdef USER_ADDR_ROM
#define VECTORS USER_ADDR_ROM
#else
#define VECTORS VECT_TAB_ADDR
#endif

#define SCB_VTOR (*(volatile uint32_t *)0xE000ED08)

extern uint32_t __msp_init, __data_load, __data_start__, __data_end__, __bss_start__, __bss_end__;
int main(void);

void Default_Handler(void)
{
    for (;;) {
    }
}

void Reset_Handler(void)
{
    SCB_VTOR = VECTORS;
    uint32_t *source = &__data_load;
    for (uint32_t *target = &__data_start__; target < &__data_end__;) {
        *target++ = *source++;
    }
    for (uint32_t *target = &__bss_start__; target < &__bss_end__;) {
        *target++ = 0;
    }
    main();
}

void SVC_Handler(const char *text);
void SysTick_Handler(void) __attribute__((weak, alias("Default_Handler")));

#define INTERRUPTS 82 /* RM0090, table 61 */

__attribute__((section(".stm32.interrupt_vector"), used)) void (*const vectors[16 + INTERRUPTS])(void) = {
    (void (*)(void))&__msp_init,
    Reset_Handler,
    [2 ... 6] = Default_Handler,
    [11] = (void (*)(void))SVC_Handler,
    [12] = Default_Handler,
    [14] = Default_Handler,
    [15] = SysTick_Handler,
    [16 ... 16 + INTERRUPTS - 1] = Default_Handler,
};
