/* In the place of ST's bootloader in ROM: reports in which state it was entered. */
#include "oneclick.h"

#define STACK 0x20002D48 /* one that only the vector table can tell */

struct entered {
    uint32_t msp, psp, primask, faultmask, basepri, control, ipsr;
};

static inline _Noreturn void leave(void)
{
    /* A jump without a reset. RCC_CSR has forgotten the reset as soon as it was asked to. */
    RESETS = RESETS & 0x01000000 ? 0 : RESETS;
    uint32_t stack = REGISTER(0x08000000);
    uint32_t start = REGISTER(0x08000004);
    __asm__ volatile("msr msp, %0\n\tbx %1" : : "r"(stack), "r"(start));
    __builtin_unreachable();
}

__attribute__((used)) _Noreturn static void report(const struct entered *entered)
{
    ROM_STARTS++;
    if (ROM_STARTS <= ROM_FAILS) {
        reset();
    }
    print_hex("rom", ROM_STARTS);
    print_hex("MSP", entered->msp);
    print_hex("PRIMASK", entered->primask);
    print_hex("FAULTMASK", entered->faultmask);
    print_hex("BASEPRI", entered->basepri);
    print_hex("CONTROL", entered->control);
    print_hex("IPSR", entered->ipsr);
    print_hex("VTOR", VTOR);
    print_hex("CPACR", CPACR);
    print_hex("SHCSR", SHCSR);
    print_hex("ICSR", ICSR & ~0x800u); /* without RETTOBASE, which thread mode leaves open */
    print_hex("SYST_CSR", SYST_CSR & ~4u); /* without CLKSOURCE, which depends on the part */
    print_hex("SYST_RVR", SYST_RVR);
    uint32_t enabled = 0, pending = 0, priority = 0;
    for (int i = 0; i < 3; i++) {
        enabled |= NVIC_ISER(i);
        pending |= NVIC_ISPR(i);
    }
    for (int i = 0; i < 20; i++) {
        priority |= NVIC_IPR(i);
    }
    print_hex("NVIC enabled", enabled);
    print_hex("NVIC pending", pending);
    print_hex("NVIC priority", priority);
    print_hex("RESETS", RESETS);
    print_hex("MARK", MARK);
    if (ROM_LEAVES) {
        leave();
    }
    stop();
}

__attribute__((naked)) void Reset_Handler(void)
{
    __asm__ volatile(
        "mrs r0, msp\n\t"
        "mrs r1, psp\n\t"
        "mrs r2, primask\n\t"
        "mrs r3, faultmask\n\t"
        "mrs r4, basepri\n\t"
        "mrs r5, control\n\t"
        "mrs r6, ipsr\n\t"
        "push {r0-r6}\n\t"
        "mov r0, sp\n\t"
        "b report");
}

__attribute__((section(".isr_vector"), used)) const uint32_t vectors[] = {STACK, (uint32_t)Reset_Handler};
