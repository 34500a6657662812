#include <Arduino.h>

#define GPIOA_BSRR (*(volatile uint32_t *)0x40020018)
#define GPIOA_MODER (*(volatile uint32_t *)0x40020000)
#define USART1_DR (*(volatile uint32_t *)0x40011004)
#define USART1_CR1 (*(volatile uint32_t *)0x4001100C)
#define TX_ENABLED 0x200C

static volatile uint32_t waited;

void pinMode(uint32_t pin, uint32_t mode)
{
    GPIOA_MODER = (GPIOA_MODER & ~(3u << (2 * pin))) | mode << (2 * pin);
}

void digitalWrite(uint32_t pin, uint32_t value)
{
    GPIOA_BSRR = value ? 1u << pin : 1u << (pin + 16);
}

void delay(uint32_t milliseconds)
{
    for (uint32_t i = 0; i < milliseconds * 1000; i++) {
        waited += i;
    }
}

// Through an exception: the text comes only if the vector table is where the core was told that it is.
void write_text(const char *text)
{
    register const char *argument __asm__("r0") = text;
    __asm__ volatile("svc 0" : : "r"(argument) : "memory");
}

void SVC_Handler(const char *text)
{
    USART1_CR1 = TX_ENABLED;
    while (*text) {
        USART1_DR = (uint32_t)*text++;
    }
}
