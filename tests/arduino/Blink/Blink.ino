// Says its name once, and blinks.
const char name[] = "UPLOAD-HELPER-SKETCH clicked\n";

void setup()
{
    pinMode(LED_BUILTIN, OUTPUT);
    Serial.print(name);
}

void loop()
{
    digitalWrite(LED_BUILTIN, HIGH);
    delay(100);
    digitalWrite(LED_BUILTIN, LOW);
    delay(100);
}
