/* A sketch with OneClickDfu.c, and the start-up of a core: SystemInit, .data and .bss, then .preinit_array before anything
   else. When it answers, as much as possible is other than after a reset. */
#include "../../arduino/libraries/OneClickDfu/src/OneClickDfu.h"
#include "oneclick.h"

extern uint32_t _estack, _sidata, _sdata, _edata, _sbss, _ebss;
extern void (*const __preinit_array_start[])(void), (*const __preinit_array_end[])(void);

static volatile uint32_t started = 1; /* .data */
static volatile uint32_t ticks;      /* .bss */
#ifndef ONE_CLICK_DFU_MARK
static uint8_t packet[64] = "1EAF and more";
#endif

/* As the real ones do, the answer comes from an interrupt. */
void SVC_Handler(void)
{
#ifndef ONE_CLICK_DFU_MARK
    uint32_t length;
#endif
    switch (ACTION) {
#ifndef ONE_CLICK_DFU_MARK
    case ANSWER_PACKET:
        length = sizeof packet;
        dtr_togglingHook(packet, &length);
        break;
    case ANSWER_TOUCH:
        cdc_1200bps_touchHook();
        break;
    case OTHER_PACKETS:
        length = 3;
        dtr_togglingHook(packet, &length);
        length = sizeof packet;
        for (int i = 0; i < 4; i++) {
            packet[i]++;
            dtr_togglingHook(packet, &length);
            packet[i]--;
        }
        dtr_togglingHook(packet + 1, &length);
        break;
    case CALL:
        oneClickDfu();
#endif
    case LEAVE_MARK:
        MARK = 0x424C;
        reset();
    case RESET:
        reset();
    default:
        break;
    }
}

void SysTick_Handler(void) { ticks++; }

static void disturb(void)
{
    SYST_RVR = 100;
    SYST_CVR = 0;
    SYST_CSR = 7;
    while (!ticks) {
    }
    SHCSR = 7 << 16;
    NVIC_IPR(1) = 0x40404040;
    __asm__ volatile("msr basepri, %0" : : "r"(0x40));
    NVIC_ISER(0) = 1 << 5;
    NVIC_ISPR(0) = 1 << 5;
    NVIC_ISPR(1) = 1 << 7;
}

static _Noreturn void run(void)
{
    SKETCH_STARTS++;
    print_hex("sketch", SKETCH_STARTS);
    if (!started || ticks) {
        print("not initialised\n");
    }
    if (SKETCH_STARTS == 1 && ACTION) {
        disturb();
        __asm__ volatile("svc 0");
        print("sketch goes on\n");
    } else if (SKETCH_STARTS == 2 && ROM_LEAVES) {
        reset();
    }
    stop();
}

void Reset_Handler(void)
{
    /* SystemInit of Arduino_Core_STM32. */
    CPACR |= 0xF << 20;
    VTOR = 0x08000000;

    uint32_t *source = &_sidata;
    for (uint32_t *target = &_sdata; target < &_edata;) {
        *target++ = *source++;
    }
    for (uint32_t *target = &_sbss; target < &_ebss;) {
        *target++ = 0;
    }
    for (void (*const *early)(void) = __preinit_array_start; early < __preinit_array_end; early++) {
        (*early)();
    }
    run();
}

__attribute__((section(".isr_vector"), used)) void (*const vectors[16])(void) = {
    (void (*)(void))&_estack,
    Reset_Handler,
    [11] = SVC_Handler,
    [15] = SysTick_Handler,
};
