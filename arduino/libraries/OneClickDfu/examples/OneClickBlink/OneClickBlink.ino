// The first upload needs BOOT0 once: hold it, press RESET, upload. From then on, the Upload button is enough.
// build_opt.h beside this file makes Arduino_Core_STM32 call the library. The menu "USB support" must say "CDC (generic
// 'Serial' supersede U(S)ART)", and the upload method must be a USB DFU one.
#include <OneClickDfu.h>

void setup() {
  Serial.begin(115200);
  pinMode(LED_BUILTIN, OUTPUT);
}

void loop() {
  digitalWrite(LED_BUILTIN, !digitalRead(LED_BUILTIN));
  delay(500);
  if (Serial.read() == 'b') {
    oneClickDfu(); // the same, for a reason of the sketch's own
  }
}
