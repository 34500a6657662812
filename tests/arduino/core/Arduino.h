// As much of Arduino as the sketch of these tests needs.
#pragma once
#include <stdint.h>

#define LOW 0
#define HIGH 1
#define OUTPUT 1
#define LED_BUILTIN 6

#ifdef __cplusplus
extern "C" {
#endif

void setup(void);
void loop(void);
void pinMode(uint32_t pin, uint32_t mode);
void digitalWrite(uint32_t pin, uint32_t value);
void delay(uint32_t milliseconds);
void write_text(const char *text);

#ifdef __cplusplus
}

struct SerialPort {
    void print(const char *text) { write_text(text); }
};

extern SerialPort Serial;
#endif
