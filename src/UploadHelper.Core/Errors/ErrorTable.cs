namespace UploadHelper.Core.Errors;

/// <summary>The one table of errors, in the order in which a user of the IDE is likely to meet them.</summary>
public static class ErrorTable
{
    private const string Untouched = "As it was: nothing was erased, and the sketch that was on it is still there.";

    private const string InterruptedUpload =
        "Look at the printed line. \"Nothing was erased\": the old sketch is still there. \"The sketch on the board is not complete\": "
        + "the bootloader is intact and takes the next upload, and only the sketch has to be written again. \"But if the power failed meanwhile\": "
        + "this bootloader cannot guard itself against that, as it was told before; the line says what is lost then.";

    /// <summary>All errors.</summary>
    public static IReadOnlyList<ErrorEntry> Entries { get; } =
    [
        new(UploadError.NoDevice, 6, new(
            "no-device",
            "The board did not come up in its bootloader",
            "An upload talks to the bootloader, a small program on the board that runs for a moment after a reset. The computer sees it as the USB device 0483:DF11 or 1EAF:0003. No such device came in time.",
            Untouched,
            "Press Upload again, and press the RESET button on the board when the output says so (\"press RESET on the board now\"). Some bootloaders wait only for a second.",
            "Use a USB cable that carries data; many charging cables do not. Plug it into the computer itself, not into a hub.",
            "Is the right board and the right bootloader (\"Upload method\") chosen in the Tools menu?",
            "Has the board a USB bootloader at all? A new blue pill has none, and its chip cannot be written to over USB without one: put the STM32duino bootloader on it once, with an ST-Link or a serial adapter. Most F4 boards have one in the chip: hold BOOT0 and press RESET.",
            "On some blue pills the resistor R10 has 10 kOhm instead of 1.5 kOhm, and computers do not see them. Try another computer or a hub, or change the resistor.",
            "`upload-helper doctor` shows what the computer sees of the board.")),
        new(UploadError.AccessDenied, 7, new(
            "access-denied",
            "You may not open the board's bootloader",
            "The board is in its bootloader, but the operating system lets only the administrator talk to it.",
            Untouched,
            "Linux: run `sudo bash scripts/install-udev.sh` once, then unplug the board and plug it in again. Do not run the IDE as root.",
            "If that is done already: `upload-helper doctor` says which rule counts and which does not.")),
        new(UploadError.WrongDriver, 7, new(
            "wrong-driver",
            "Windows has no fitting driver for the bootloader",
            "The board is in its bootloader, but the driver that Windows gave it cannot be used for uploads.",
            Untouched,
            "Start Zadig while the bootloader runs, choose the bootloader in its list, and install WinUSB; for a Maple bootloader (1EAF:0003) choose libusbK. `windows/DRIVERS.txt`, section 2, shows each step.",
            "Choose the bootloader only: the sketch's own COM port must keep its driver.")),
        new(UploadError.UsbUnavailable, 7, new(
            "usb-unavailable",
            "The computer's USB devices cannot be looked at",
            "upload-helper reaches USB through the library libusb-1.0, and that is missing or does not work.",
            Untouched,
            "Debian, Ubuntu: `sudo apt install libusb-1.0-0`. Fedora: `sudo dnf install libusb1`. macOS: `brew install libusb`. Windows: the downloaded `upload-helper.exe` has it inside; beside one that was built without, put `libusb-1.0.dll`.",
            "With `--usbip` the devices are those of another machine: check that its server runs, and its address.")),
        new(UploadError.DeviceBusy, 7, new(
            "device-busy",
            "Another program holds the board",
            "The board is in its bootloader, but another program has it open.",
            InterruptedUpload,
            "Close whatever else writes to boards: STM32CubeProgrammer, dfu-util, a browser page that uses WebUSB, a second IDE that is uploading. Then upload again.")),
        new(UploadError.GhostDevice, 6, new(
            "ghost-device",
            "The bootloader is listed, but nobody answers",
            "Some old bootloaders start the sketch without leaving the USB bus. The computer still lists the bootloader, but a sketch runs that has no USB.",
            Untouched,
            "Press RESET on the board, or unplug it and plug it in, and press Upload at once.",
            "A newer build of the bootloader does not do this.")),
        new(UploadError.SeveralDevices, 6, new(
            "several-devices",
            "More than one board is in its bootloader",
            "It cannot be told which of them is meant, and a guess could overwrite the wrong one.",
            "All of them are as they were: none was touched.",
            "Unplug all boards but one, and upload again.",
            "By hand: `--usb-path` with one of the places that the line names, or `--all` to write to all boards of one kind.")),
        new(UploadError.ImageLinkedElsewhere, 4, new(
            "image-linked-elsewhere",
            "The sketch was compiled for another bootloader",
            "A sketch runs only at the address it was compiled for, and that depends on the bootloader: one that is larger pushes the sketch further up. This sketch belongs to another address than it was to be written to.",
            Untouched,
            "Choose the bootloader that is really on the board (\"Upload method\" or \"Bootloader\" in the Tools menu), and upload again: the sketch is then compiled anew.",
            "By hand: the `hint:` line names the offset for which it was compiled.")),
        new(UploadError.ImageTooLarge, 4, new(
            "image-too-large",
            "The sketch is larger than the board's flash",
            "The flash between the bootloader and its end does not hold the sketch.",
            Untouched,
            "Is the right board chosen, with the right amount of flash?",
            "Choose \"Smallest\" under \"Optimize\" in the Tools menu, and leave out libraries that are not needed.",
            "A .bin of many megabytes has data for RAM in it: use the .hex or the .elf.")),
        new(UploadError.NoVectorTable, 4, new(
            "no-vector-table",
            "The file is not a sketch for an STM32",
            "A sketch begins with a table that tells the chip where its memory ends and where the program starts. This file begins with something else, and could not run.",
            Untouched,
            "Is it the right file? Give the .bin, .hex or .elf that the IDE made, not an archive, a text or a part of it.",
            "Compile the sketch again, for the right board.")),
        new(UploadError.NotForThisDevice, 4, new(
            "not-for-this-device",
            "The sketch was made for another board",
            "Something in the file does not fit this board: it names another USB device, its memory ends elsewhere, or its bootloader would write it wrongly or never start it. The line says which.",
            Untouched,
            "Is the right board chosen in the Tools menu, with the right amount of memory? Then upload again, so that the sketch is compiled anew.",
            "Is the right board plugged in?")),
        new(UploadError.NotWritable, 4, new(
            "not-writable",
            "The sketch lies where nothing may be written",
            "A part of the sketch would go where the bootloader itself lies, or to memory that can lock the chip for ever (option bytes). upload-helper never writes there.",
            Untouched,
            "Choose the bootloader that is really on the board in the Tools menu; the `hint:` line says where a sketch can begin on this one.",
            "By hand: check the offset.")),
        new(UploadError.AddressMissing, 2, new(
            "address-missing",
            "It is not known where the sketch belongs",
            "A .bin file does not say at which address it belongs, and neither did the command.",
            "It was not looked at: nothing was erased.",
            "By hand: give the offset of your bootloader, for example `--offset 0x4000`, or give the .hex or .elf, which knows its address.",
            "In the IDE: the board's entry has no `upload.offset`. Run `scripts/install-arduino.sh` again, or see [README.md](README.md), \"For authors of a core\".")),
        new(UploadError.AddressInvalid, 2, new(
            "address-invalid",
            "The offset is not a number that can be meant",
            "The offset cannot be read, or no sketch can begin there. It was most likely written without the `0x` of hexadecimal numbers.",
            "It was not looked at: nothing was erased.",
            "Write it as the line proposes, for example `0x4000`.")),
        new(UploadError.DeviceLost, 8, new(
            "device-lost",
            "The board went away in the middle",
            "The connection broke while the board was written to: a loose cable, a reset, too little power.",
            InterruptedUpload,
            "Plug the board in again, and press Upload again: it begins anew, and a half-written sketch is no hindrance.",
            "If it happens again: another cable, another USB socket, no hub, and nothing on the board that draws much power.")),
        new(UploadError.DeviceFailed, 8, new(
            "device-failed",
            "The board refused something, or stopped answering",
            "The bootloader did not do what it was asked for. The line says what it answered.",
            InterruptedUpload,
            "Press RESET on the board, or unplug it and plug it in, and press Upload again.",
            "If it happens again: another cable, another USB socket, no hub.",
            "If it happens always at the same place: please report it, with the file that `--trace FILE` writes.")),
        new(UploadError.ReadProtected, 8, new(
            "read-protected",
            "The chip is locked",
            "The bootloader answers that the flash is read protected (RDP). Boards that were in a product before are often locked.",
            "Most likely as it was, whatever the line says: a locked chip lets nothing be erased or written.",
            "Unlocking erases everything on the chip, its bootloader too. If that is what you want: STM32CubeProgrammer, option bytes, Read Out Protection, level AA.")),
        new(UploadError.VerifyFailed, 9, new(
            "verify-failed",
            "The board does not hold what it should",
            "The flash was read back and compared, and at least one byte is different.",
            "After an upload: the bootloader is intact, the sketch is not right. After `verify`: as it was, since that only looks.",
            "Upload again. What is right already is not written a second time.",
            "If it fails at the same address again: the flash there is worn out or write protected (option bytes). Copies of STM32 chips often have less flash than they say.")),
        new(UploadError.NotStarted, 10, new(
            "not-started",
            "The sketch was not seen to start",
            "Everything is written, but the board is still in its bootloader, or the sketch's serial port did not come back.",
            "The new sketch is on it (after `leave`: whatever was on it before).",
            "Press RESET on the board. BOOT0 must be low (jumper at 0).",
            "Does the sketch use USB serial at all? If not, it has no port that could come back: choose \"USB support: CDC\" in the Tools menu, or do not ask for `--wait-port yes`.",
            "Windows with a Maple bootloader and the driver WinUSB: the sketch starts only by RESET. With libusbK it starts by itself.")),
        new(UploadError.ImageMissing, 3, new(
            "image-missing",
            "The file is not there",
            "The sketch's compiled file does not exist.",
            "It was not looked at: nothing was erased.",
            "Does the sketch compile (\"Verify\" in the IDE)? By hand: check the path.")),
        new(UploadError.ImageUnreadable, 3, new(
            "image-unreadable",
            "The file is broken, or cannot be opened",
            "The file is empty, cut short, damaged, or may not be read by you. The line says where it goes wrong.",
            "It was not looked at: nothing was erased.",
            "Compile the sketch again. A file that came by mail or download: fetch it again.",
            "Is the disk full?")),
        new(UploadError.NotSupported, 8, new(
            "not-supported",
            "The bootloader cannot do this",
            "The device on USB is none that upload-helper can write to, or its bootloader lacks what was asked for (many do not let the flash be read).",
            "As it was.",
            "`upload-helper list` shows what the device says of itself.",
            "To read such a board's flash, use the chip's own bootloader (BOOT0), or an ST-Link.")),
        new(UploadError.Configuration, 2, new(
            "configuration",
            "A setting does not make sense",
            "An option, a variable `UPLOADHELPER_...`, `upload-helper.json` or a board's entry has a value that cannot be used, or a file that is named there cannot be opened.",
            "It was not looked at: nothing was erased.",
            "The line names the setting, the `hint:` before it shows a value that works.",
            "In the IDE: after an update of the core or of upload-helper, run `scripts/install-arduino.sh` again.")),
        new(UploadError.Usage, 2, new(
            "usage",
            "The command line does not make sense",
            "The command has a word too many or too few, or an option that does not exist.",
            "It was not looked at: nothing was erased.",
            "`upload-helper --help`, and `--help` after any command, show what there is, with an example.",
            "In the IDE: the core's overlay and the executable do not belong together. Run `scripts/install-arduino.sh` again.")),
        new(UploadError.NotASectorStart, 4, new(
            "not-a-sector-start",
            "An address lies inside a sector",
            "Flash is erased in whole sectors. To begin or end inside one would erase what does not belong to the sketch.",
            Untouched,
            "Use one of the addresses that the `hint:` line names. They are those of your board's bootloader.")),
        new(UploadError.NotInMemory, 4, new(
            "not-in-memory",
            "The board has no memory there",
            "An address, or the end of a range, lies outside of the board's memory.",
            Untouched,
            "Check the offset or address, and the length. `upload-helper list` shows the board's memories.",
            "Is the right board chosen, with the right amount of flash?")),
        new(UploadError.LengthInvalid, 2, new(
            "length-invalid",
            "The length is not a number that can be meant",
            "The length given to `read` or `erase` cannot be read, or is 0.",
            "It was not looked at: nothing was erased.",
            "Write a number of bytes, `16384` or `0x4000`.")),
        new(UploadError.SerialPort, 5, new(
            "serial-port",
            "The serial port cannot be used",
            "`reset` sends the magic reset through the sketch's serial port, and that port is missing, in use, or not yours to open. (In an upload this is only a warning.)",
            "As it was.",
            "Is the board plugged in, and does its sketch run? A board in its bootloader has no serial port.",
            "Close the serial monitor and any terminal that has the port open.",
            "Linux: `sudo usermod -aG dialout $USER`, then log in again. `upload-helper doctor` names the right group.")),
        new(UploadError.Internal, 1, new(
            "internal",
            "A defect of upload-helper",
            "Something happened that nobody has thought of.",
            "Not known for sure. upload-helper never erases a bootloader, so that the same upload can be run again.",
            "Press RESET and upload again.",
            "Please report it, with the lines that were printed and the file that `--trace FILE` writes.")),
    ];

    /// <summary>How a run is told that the user ended, with the exit status <see cref="UploadErrors.Cancelled"/>.</summary>
    public static Explanation Cancelled { get; } = new(
        "cancelled",
        "The upload was ended by you",
        "Ctrl-C was pressed, a question was not answered with yes, or another program ended the upload.",
        "The line \"Cancelled.\" before it says how far the upload had come. The bootloader is intact; the few boards that must keep their power then say so in that line.",
        "Upload again when you are ready.");
}

/// <summary>One row of the table of errors.</summary>
/// <param name="Error">Which failure.</param>
/// <param name="ExitStatus">The exit status of the process that ends with it.</param>
/// <param name="Text">Its code, and what is to be known of it.</param>
public sealed record ErrorEntry(UploadError Error, int ExitStatus, Explanation Text);

/// <summary>
/// A failure or a warning explained to someone who owns a board and has never heard of DFU: what arduino/TROUBLESHOOTING.md
/// says of it. Markdown in one line each, ASCII.
/// </summary>
/// <param name="Code">Stable code, as it stands at the end of the printed line.</param>
/// <param name="Title">What it is, in half a sentence.</param>
/// <param name="Happened">What happened.</param>
/// <param name="Board">In what state the board is.</param>
/// <param name="Cure">What to do, the likeliest first.</param>
public sealed record Explanation(string Code, string Title, string Happened, string Board, params IReadOnlyList<string> Cure);
