namespace UploadHelper.Core.Errors;

/// <summary>The table of all errors, in the order in which a user of the IDE is likely to meet them.</summary>
public static class ErrorTable
{
    private const string Unchanged = "Unchanged. Nothing was erased.";

    private const string InterruptedUpload =
        "See the error line. If nothing was erased, the board is unchanged. If the sketch is incomplete, the bootloader accepts the next upload. "
        + "A few bootloaders have a weak point here: then a warning said so before anything was erased, and the error line says what is at risk.";

    /// <summary>All errors.</summary>
    public static IReadOnlyList<ErrorEntry> Entries { get; } =
    [
        new(UploadError.NoDevice, 6, new(
            "no-device",
            "No bootloader found",
            "upload-helper talks to the bootloader, a small program on the board that runs for a moment after a reset. The computer sees it as a USB device of its own, usually 0483:DF11 or 1EAF:0003. No such device appeared in time.",
            Unchanged,
            "Press Upload again, and press the RESET button on the board when the output asks for it (\"press RESET on the board now\"). Some bootloaders wait only one second.",
            "Use a USB cable that carries data; many charging cables do not. Plug it directly into the computer, not into a hub.",
            "Check the Tools menu: are the right board and the right bootloader (\"Upload method\") selected?",
            "Does the board have a USB bootloader at all? A new Blue Pill has none, and the ROM of its chip cannot be used over USB: install a bootloader once, with a serial adapter; `upload-helper install-bootloader` says which file to get, and writes it. Most F4 chips have a USB bootloader in ROM: hold BOOT0 and press RESET.",
            "Some Blue Pills have the wrong resistor R10 (10 kOhm instead of 1.5 kOhm), so that many computers do not detect them. Try another computer or, for these boards, a hub; or replace the resistor.",
            "F401, F407 and F411 boards in the bootloader in ROM (BOOT0 held): if the computer notices a device but cannot read it (Linux: `device descriptor read/64, error -71` in `sudo dmesg`; Windows: Device Descriptor Request Failed), the pin PA10 may be floating, and the bootloader takes noise there for a serial upload. Connect PA10 to GND, hold BOOT0 and press RESET. With `--timeout 60`, you have a minute for several attempts.",
            "Run `upload-helper doctor`: it shows what the computer sees of the board.")),
        new(UploadError.AccessDenied, 7, new(
            "access-denied",
            "No permission to open the bootloader",
            "The bootloader is running, but the operating system does not allow your user account to open this USB device.",
            Unchanged,
            "Linux: run `sudo bash scripts/install-udev.sh` once, then unplug the board and plug it in again. Do not run the IDE as root.",
            "If you have already done that, run `upload-helper doctor`: it shows what is still missing.")),
        new(UploadError.WrongDriver, 7, new(
            "wrong-driver",
            "Windows has no suitable driver for the bootloader",
            "The bootloader is running, but Windows has no driver for it, or one that upload-helper cannot use.",
            Unchanged,
            "Start Zadig while the bootloader is running, select the bootloader in its list, and install WinUSB; for a Maple bootloader (1EAF:0003), install libusbK. `arduino/windows/DRIVERS.txt`, section 2, shows each step.",
            "Change the driver of the bootloader only. The sketch's COM port must keep its own driver.")),
        new(UploadError.UsbUnavailable, 7, new(
            "usb-unavailable",
            "USB devices cannot be listed",
            "upload-helper uses the library libusb-1.0 to reach USB devices. The library is missing or does not work.",
            Unchanged,
            "Install it. Debian, Ubuntu: `sudo apt install libusb-1.0-0`. Fedora: `sudo dnf install libusb1`. macOS: `brew install libusb`. The released executables for Linux and Windows contain it; if `upload-helper.exe` was built without it, put `libusb-1.0.dll` next to it.",
            "With `--usbip`: check that the USB/IP server is running, and that its address is right.")),
        new(UploadError.DeviceBusy, 7, new(
            "device-busy",
            "Another program is using the board",
            "The bootloader is running, but another program has it open.",
            InterruptedUpload,
            "Close every other program that can upload to boards: STM32CubeProgrammer, dfu-util, a browser page that uses WebUSB, a second IDE. Then upload again.")),
        new(UploadError.GhostDevice, 6, new(
            "ghost-device",
            "The bootloader is listed but does not respond",
            "Many bootloaders of the STM32F103 (the Maple and STM32duino bootloaders among them), and some old ones of other chips, do not disconnect from USB when they start a sketch without USB. The computer still lists the bootloader, but most likely the sketch is running. In rare cases the bootloader itself hangs.",
            Unchanged,
            "Press RESET on the board (or unplug it and plug it in again), and press Upload at once.",
            "A sketch with USB serial does not have this problem: choose \"USB support: CDC\" in the Tools menu.")),
        new(UploadError.SeveralDevices, 6, new(
            "several-devices",
            "More than one board is in its bootloader",
            "upload-helper cannot tell which board you mean, and the wrong guess would overwrite the wrong board.",
            "All boards are unchanged.",
            "Unplug all boards but one, and upload again.",
            "On the command line: select a board by `--usb-path` with one of the paths in the error line, or use `--all` to upload to all boards of the same kind.")),
        new(UploadError.ImageLinkedElsewhere, 4, new(
            "image-linked-elsewhere",
            "The sketch was compiled for a different bootloader",
            "A sketch runs only at the address it was linked for. That address depends on the bootloader: the larger the bootloader, the higher the address of the sketch. This sketch was linked for a different address than the one it would be written to.",
            Unchanged,
            "In the Tools menu, select the bootloader that is really on the board (\"Upload method\" or \"Bootloader\"), and upload again. The IDE then compiles the sketch for it.",
            "On the command line: use the offset that the sketch was linked for, if that is the board's; the hint line shows it.")),
        new(UploadError.ImageTooLarge, 4, new(
            "image-too-large",
            "The sketch is larger than the board's flash",
            "The sketch does not fit between its start address and the end of the flash.",
            Unchanged,
            "Check the Tools menu: is the right board selected, with the right amount of flash?",
            "Make the sketch smaller: choose \"Smallest\" under \"Optimize\" in the Tools menu, and remove libraries that you do not need.",
            "A .bin file of many megabytes contains data for RAM by mistake. Use the .hex or .elf file instead. Files of more than 64 MiB are not read at all.")),
        new(UploadError.NoVectorTable, 4, new(
            "no-vector-table",
            "The file is not a sketch for an STM32",
            "A sketch begins with its vector table, which holds the initial stack pointer and the address of the first instruction. This file begins with something else and could not run.",
            Unchanged,
            "Check the file: it must be the .bin, .hex or .elf that the IDE created, complete, and not an archive or a text file.",
            "Compile the sketch again, for the right board.",
            "On the command line: a .bin or .hex file for a GD32VF103 (RISC-V) has no vector table; add `--chip gd32vf103`.")),
        new(UploadError.NotForThisDevice, 4, new(
            "not-for-this-device",
            "The sketch was made for a different board",
            "Something in the file does not match this board: the file names another USB device, it was built for another amount of RAM, or this bootloader would write it incorrectly or never start it. The error line says which.",
            Unchanged,
            "In the Tools menu, select the right board with the right amount of memory, and upload again. The IDE then compiles the sketch for it.",
            "Check that the right board is plugged in.")),
        new(UploadError.NotWritable, 4, new(
            "not-writable",
            "The sketch would overwrite a protected area",
            "A part of the sketch would go where the bootloader is, or into memory that can lock the chip for good (option bytes). upload-helper never writes there.",
            Unchanged,
            "In the Tools menu, select the bootloader that is really on the board. The hint line shows where a sketch can begin on this one.",
            "On the command line: check the offset.")),
        new(UploadError.AddressMissing, 2, new(
            "address-missing",
            "The start address of the sketch is unknown",
            "A .bin file does not contain its address, and the command did not give one.",
            Unchanged,
            "On the command line: add the offset of your bootloader, for example `--offset 0x4000`. Or use the .hex or .elf file, which contains the address.",
            "In the IDE: the board's entry in boards.txt has no `upload.offset`. Run `scripts/install-arduino.sh` again, or see `arduino/README.md`, \"For authors of a core\".")),
        new(UploadError.AddressInvalid, 2, new(
            "address-invalid",
            "The offset is not valid",
            "The offset is not a number, or no flash sector begins there on any board. Most often the `0x` of a hexadecimal number is missing. Option bytes and OTP are not for sketches, and upload-helper leaves them alone.",
            Unchanged,
            "Write it as the error line or the hint suggests, for example `0x4000`.")),
        new(UploadError.DeviceLost, 8, new(
            "device-lost",
            "The connection to the board was lost",
            "The board disconnected during the upload: a loose cable, a reset, or too little power.",
            InterruptedUpload,
            "Plug the board in again, and press Upload again. An incomplete sketch does not prevent the next upload.",
            "If it happens again: use another cable and another USB port, no hub, and disconnect whatever draws much power from the board.")),
        new(UploadError.DeviceFailed, 8, new(
            "device-failed",
            "The bootloader reported an error or stopped responding",
            "The bootloader did not carry out a request. The error line says what it answered.",
            InterruptedUpload,
            "Press RESET on the board (or unplug it and plug it in again), and press Upload again.",
            "If it happens again: use another cable and another USB port, no hub.",
            "If it always happens at the same point: please report it, with the file that `--trace FILE` writes.")),
        new(UploadError.ReadProtected, 8, new(
            "read-protected",
            "The chip is read-protected",
            "The bootloader reports read-out protection (RDP). Chips on boards that were part of a product are often protected.",
            "Unchanged: a protected chip allows neither erasing nor writing.",
            "Removing the protection erases the whole flash. If that is what you want: start the bootloader in ROM (hold BOOT0, press RESET, release BOOT0), and run `upload-helper unprotect`.")),
        new(UploadError.VerifyFailed, 9, new(
            "verify-failed",
            "Verification failed",
            "upload-helper read the flash back, and at least one byte differs from the file.",
            "After an upload: the sketch on the board is not correct. After `verify`: unchanged, because that command only reads.",
            "Upload again.",
            "If it fails again at the same address: the flash is probably worn out or write-protected there (option bytes), or it does not exist: STM32 clones often have less flash than they claim.",
            "If the error line says that the chip erases more at once than its memory map says: the bootloader was probably built for a chip with smaller pages. Install its build for this chip.")),
        new(UploadError.NotStarted, 10, new(
            "not-started",
            "The sketch did not start",
            "The upload is complete, but the board is still in its bootloader, or the sketch's serial port has not appeared.",
            "The new sketch is on the board (after `leave`: whatever was there before).",
            "Press RESET on the board. BOOT0 must be low (jumper at 0).",
            "Does the sketch use USB serial at all? If not, no serial port can appear: choose \"USB support: CDC\" in the Tools menu, or do not use `--wait-port yes`.",
            "Windows, Maple bootloader with the WinUSB driver: the sketch starts only after RESET. With libusbK it starts by itself.")),
        new(UploadError.ImageMissing, 3, new(
            "image-missing",
            "The file does not exist",
            "There is no compiled sketch at the path that was given.",
            Unchanged,
            "In the IDE: check that the sketch compiles (\"Verify\"). On the command line: check the path.")),
        new(UploadError.ImageUnreadable, 3, new(
            "image-unreadable",
            "The file is damaged or cannot be opened",
            "The file is empty, truncated or damaged, or it is not firmware at all (an archive, a web page, a picture), or you do not have permission to read it. The error line says what the problem is.",
            Unchanged,
            "Compile the sketch again. If you downloaded the file, download it again.",
            "Unpack an archive, and use the .bin, .hex or .elf file inside.",
            "Check that the disk is not full.")),
        new(UploadError.NotSupported, 8, new(
            "not-supported",
            "The bootloader does not support this",
            "This USB device is not a bootloader that upload-helper knows, or its bootloader cannot do what was requested. (Many bootloaders do not allow reading flash.)",
            Unchanged,
            "Run `upload-helper list`: it shows what the device reports about itself.",
            "To read the flash of such a board, use the chip's own bootloader (BOOT0) or an ST-Link.")),
        new(UploadError.Configuration, 2, new(
            "configuration",
            "A setting is not valid",
            "An option, an environment variable `UPLOADHELPER_...`, the file `upload-helper.json` or a board's entry has an invalid value, or names a file that cannot be opened or written. A command that only prints also ends with this error if its output cannot be written.",
            Unchanged,
            "The error line names the setting. The hint line shows a value that works.",
            "In the IDE: after an update of the core or of upload-helper, run `scripts/install-arduino.sh` again.")),
        new(UploadError.Usage, 2, new(
            "usage",
            "The command line is not valid",
            "The command has an argument too many or too few, or an option that does not exist.",
            Unchanged,
            "Run `upload-helper --help`, or any command with `--help`, to see its options and an example.",
            "In the IDE: the core's overlay and the executable are of different versions. Run `scripts/install-arduino.sh` again.")),
        new(UploadError.NotASectorStart, 4, new(
            "not-a-sector-start",
            "The address is inside a sector",
            "Flash is erased in whole sectors. An area that begins or ends inside a sector cannot be erased without erasing its neighbours as well.",
            Unchanged,
            "Use one of the addresses in the hint line. They are those of your board.")),
        new(UploadError.NotInMemory, 4, new(
            "not-in-memory",
            "The board has no memory at this address",
            "An address, or the end of a range, is outside the board's memory.",
            Unchanged,
            "Check the offset or address, and the length. `upload-helper list` shows the board's memory.",
            "Check the Tools menu: is the right board selected, with the right amount of flash?")),
        new(UploadError.LengthInvalid, 2, new(
            "length-invalid",
            "The length is not valid",
            "The length given to `read` or `erase` is not a number, or is 0.",
            Unchanged,
            "Give the number of bytes, for example `16384` or `0x4000`.")),
        new(UploadError.SerialPort, 5, new(
            "serial-port",
            "The serial port cannot be used",
            "The serial port is all that the command has: `reset` sends the magic reset through the sketch's port, and `--uart` reaches the chip through a serial adapter. That port does not exist, is in use, or you do not have permission to open it. (During an upload over USB this is only a warning.)",
            Unchanged,
            "`reset`: check that the board is plugged in and its sketch is running. A board in its bootloader has no serial port.",
            "`--uart`: check that the serial adapter is plugged in, and that `--port` names its port.",
            "Close the serial monitor, and any terminal that has the port open.",
            "Linux: `sudo usermod -aG dialout $USER`, then log out and log in again. `upload-helper doctor` shows the right group.")),
        new(UploadError.Internal, 1, new(
            "internal",
            "Internal error in upload-helper",
            "upload-helper has a bug.",
            "Not known for certain. upload-helper never erases a bootloader, so you can upload again.",
            "Press RESET and upload again.",
            "Please report it, with the printed lines and the file that `--trace FILE` writes.")),
    ];

    /// <summary>The explanation of a run that the user ended, with the exit status <see cref="UploadErrors.Cancelled"/>.</summary>
    public static Explanation Cancelled { get; } = new(
        "cancelled",
        "The upload was cancelled",
        "You pressed Ctrl-C or did not answer a question with yes, or another program ended the upload.",
        "The line \"Cancelled.\" before it says how far the upload got. The bootloader is intact; for the few bootloaders that can be damaged by a power loss at that point, the line says so.",
        "Upload again when you are ready.");
}

/// <summary>One row of the table of errors.</summary>
/// <param name="Error">Which failure.</param>
/// <param name="ExitStatus">The exit status of the process that ends with it.</param>
/// <param name="Text">Its code and explanation.</param>
public sealed record ErrorEntry(UploadError Error, int ExitStatus, Explanation Text);

/// <summary>
/// A failure or a warning, explained to someone who owns a board and has never heard of DFU: the text of
/// arduino/TROUBLESHOOTING.md and of the command "explain". Each string is one line of ASCII text; backticks enclose commands and file names.
/// </summary>
/// <param name="Code">Stable code, as printed in brackets at the end of the line.</param>
/// <param name="Title">What it is, in half a sentence.</param>
/// <param name="Happened">What happened.</param>
/// <param name="Board">The state of the board.</param>
/// <param name="Cure">What to do, most likely first.</param>
public sealed record Explanation(string Code, string Title, string Happened, string Board, params IReadOnlyList<string> Cure);
