# Without udev nobody tells of arrivals: the executable has to look for itself.
. tests/rig/scenarios/lib.sh

upload no-udev f4boot 0x4000 tests/firmware/blink-08004000.bin
