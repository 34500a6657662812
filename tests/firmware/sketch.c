/* A sketch to test with: prints its name on USART1 and steps through a table of effects for ever. */
#include <stdint.h>

#ifndef NAME
#error "compile with -DNAME=..."
#endif
#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

#define USART1_DR (*(volatile uint32_t *)0x40011004)
#define USART1_CR1 (*(volatile uint32_t *)0x4001100C)
#define TX_ENABLED 0x200C

const char marker[] __attribute__((used)) = "UPLOAD-HELPER-SKETCH " TEXT(NAME) "\n";

static uint32_t brightness = 7; /* .data */
static uint32_t steps[64];      /* .bss */

static void print(const char *text)
{
    while (*text) {
        USART1_DR = (uint32_t)*text++;
    }
}

static __attribute__((noinline)) uint32_t rise(uint32_t i)
{
    steps[i % 64] += brightness;
    return steps[i % 64];
}

static __attribute__((noinline)) uint32_t fall(uint32_t i)
{
    steps[i % 64] -= brightness / 2;
    return steps[i % 64] ^ i;
}

static __attribute__((noinline)) uint32_t turn(uint32_t i)
{
    uint32_t sum = 0;
    for (uint32_t k = 0; k < 64; k++) {
        sum += steps[(i + k) % 64] * (k + 1);
    }
    return sum;
}

static __attribute__((noinline)) uint32_t twinkle(uint32_t i)
{
    brightness = brightness * 1664525u + 1013904223u + i;
    return brightness >> 24;
}

static __attribute__((noinline)) uint32_t rest(uint32_t i)
{
    return i;
}

typedef uint32_t (*effect)(uint32_t);
static const effect effects[] = {rise, fall, turn, twinkle, rest};

int main(void)
{
    USART1_CR1 = TX_ENABLED;
    print(marker);
    for (uint32_t i = 0;; i++) {
        volatile uint32_t shown = effects[i % (sizeof effects / sizeof *effects)](i);
        (void)shown;
    }
}
