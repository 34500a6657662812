namespace UploadHelper.Core.Errors;

/// <summary>The table of all warnings, in the order in which an upload can print them. The upload continues after each.</summary>
public static class WarningTable
{
    private const string Unchanged = "Unchanged.";

    /// <summary>All warnings.</summary>
    public static IReadOnlyList<WarningEntry> Entries { get; } =
    [
        new(WarningCode.UnknownVariable, new(
            "unknown-variable",
            "Unknown environment variable",
            "There is an environment variable `UPLOADHELPER_...` that does not match any setting of this version. Its name is misspelt, or it belongs to another version.",
            Unchanged,
            "Name it after the option, for example `UPLOADHELPER_NO_VERIFY` for `--no-verify`; or unset it.")),
        new(WarningCode.AddressUnproven, new(
            "address-unproven",
            "Cannot check the address that the sketch was linked for",
            "upload-helper compares the code addresses in a sketch with the place where it will be written. A very small sketch contains too few of them. In a file with two programs, some fit one address and some another.",
            Unchanged,
            "If the sketch runs, there is nothing to do. If it does not, check that the right bootloader is selected in the Tools menu.")),
        new(WarningCode.FileIds, new(
            "file-ids",
            "The file does not name its board completely",
            "A .dfu file contains the USB ids of the board that it was made for. In this file an id is 0, which no device has. upload-helper accepts any id instead.",
            Unchanged,
            "Check that the file is for this board. If it is, there is nothing to do.")),
        new(WarningCode.WrittenAsData, new(
            "written-as-data",
            "The file is written as data, not as a program",
            "The file is for a memory outside the chip's internal flash, for example a flash chip on the board. It does not begin with a vector table that fits its address, so no program can start there.",
            Unchanged,
            "If the file is data, there is nothing to do. If it should be a program, compile it for that address.")),
        new(WarningCode.UnusualVectors, new(
            "unusual-vectors",
            "The vector table is unusual",
            "A sketch begins with its initial stack pointer and the addresses of its exception handlers. This one has a stack pointer in memory that must be set up first, or a handler outside the sketch. Such a sketch can run, but usually this is a mistake.",
            Unchanged,
            "If the sketch runs, there is nothing to do. If it does not, check that the right board is selected in the Tools menu, and compile it again.")),
        new(WarningCode.PortMissing, new(
            "port-missing",
            "The serial port does not exist",
            "upload-helper resets the running sketch through its serial port, and that port does not exist: the board is not plugged in, its sketch has no USB serial or has crashed, or the board is already in its bootloader.",
            Unchanged,
            "Press RESET on the board when the output asks for it.")),
        new(WarningCode.PortBusy, new(
            "port-busy",
            "The serial port is in use",
            "Another program has the serial port open, and only one program at a time can use it.",
            Unchanged,
            "Press RESET on the board now. Before the next upload, close the serial monitor or the terminal that has the port open.")),
        new(WarningCode.PortDenied, new(
            "port-denied",
            "No permission to open the serial port",
            "The operating system does not allow your user account to open serial ports.",
            Unchanged,
            "Press RESET on the board now.",
            "Linux, permanent fix: `sudo usermod -aG dialout $USER`, then log out and log in again. `upload-helper doctor` shows the right group.")),
        new(WarningCode.PortStuck, new(
            "port-stuck",
            "The sketch does not read from its serial port",
            "The sketch is hanging, or it does not support the magic reset.",
            Unchanged,
            "Press RESET on the board now.")),
        new(WarningCode.PortFailed, new(
            "port-failed",
            "The serial port failed",
            "The operating system reports an error on the port. Often the board has just reset by itself.",
            Unchanged,
            "If the upload does not continue, press RESET on the board.")),
        new(WarningCode.PortNotTheBoard, new(
            "port-not-the-board",
            "The serial port is not the board's own",
            "The selected port is a USB serial adapter, an ST-Link, Bluetooth, or an Arduino board without an STM32. upload-helper resets nothing there, because it could disturb the device behind that port.",
            Unchanged,
            "Select the board's own port in the Tools menu, or press RESET on the board when the output asks for it.")),
        new(WarningCode.PortStillThere, new(
            "port-still-there",
            "The sketch did not reset",
            "upload-helper sent the magic reset, and the 1200-baud touch where the port is plainly that of an STM32 sketch, but the port did not disappear. The sketch hangs, or its core supports neither.",
            "Unchanged. Its sketch is probably still running.",
            "Press RESET on the board, if it has a bootloader in flash.",
            "In a board without a bootloader in flash, only the sketch or BOOT0 can start the one in ROM: hold BOOT0, press RESET, release BOOT0. If you have just chosen \"DFU, one click\", the sketch that is running does not have it yet; this first upload needs BOOT0.",
            "Build the sketch with USB serial enabled, and with a core that supports one of the two resets.")),
        new(WarningCode.OverUsb, new(
            "over-usb",
            "The port is the board's own USB port, not a serial adapter's",
            "The upload method is the one for a serial adapter (`--uart`), but the selected port is the USB port of a running sketch. upload-helper resets the sketch through it, and uses the bootloader that the board then offers on USB.",
            Unchanged,
            "If the board has a bootloader on USB, there is nothing to do; omit `--uart` next time. Otherwise select the port of the serial adapter.")),
        new(WarningCode.SlowerBaudRate, new(
            "slower-baud-rate",
            "No answer at this speed",
            "The bootloader in the chip's ROM measures the speed of the serial line, and can do that only up to a limit that depends on the chip. Or the adapter does not support the speed. upload-helper tries 115200 baud next, which all of them support.",
            Unchanged,
            "If the output asks for it, press RESET on the board again, with BOOT0 high. Give a lower speed with `--baud-rate` next time.")),
        new(WarningCode.GhostDevice, new(
            "ghost-device",
            "The bootloader is listed but does not respond",
            "Many bootloaders of the STM32F103, and some old ones of other chips, do not disconnect from USB when they start a sketch without USB. The computer still lists the bootloader, but most likely the sketch is running.",
            Unchanged,
            "If the upload does not continue, press RESET on the board.")),
        new(WarningCode.DetachFailed, new(
            "detach-failed",
            "The device could not be told to start its bootloader",
            "The program on the device has a DFU run-time interface: a request (DETACH) makes it start its bootloader. The request could not be sent, or was refused.",
            Unchanged,
            "Start the bootloader by hand: RESET with the board's button held, or as its documentation says.")),
        new(WarningCode.OtherDevice, new(
            "other-device",
            "Another device is in DFU mode",
            "A device is in DFU mode, but its USB ids are not those that this command looks for. It may be the board that you want to use.",
            Unchanged,
            "If it is that board, give its ids with `--usb-id`, as the hint shows.")),
        new(WarningCode.DeviceLimit, new(
            "device-limit",
            "This bootloader has a known weak point",
            "This bootloader can be damaged, or can start an incomplete sketch, in a situation that no uploader can prevent. The warning says which.",
            Unchanged,
            "Do not unplug the board until the upload is complete.")),
        new(WarningCode.VoltageIgnored, new(
            "voltage-ignored",
            "The supply voltage has no effect",
            "`--supply-voltage` tells the ROM of an STM32F2, F4 or F7 how wide it may program. Other bootloaders have no such setting, and a ROM may refuse it.",
            "The upload continues, as without the option.",
            "Omit `--supply-voltage`, or remove `upload.supply_voltage` from boards.txt.")),
        new(WarningCode.VoltageKept, new(
            "voltage-kept",
            "The bootloader may still use the supply voltage",
            "For this upload, the bootloader was told the supply voltage of the board (`--supply-voltage`). At the end it is told to forget it, but it did not confirm that, or the board has disconnected.",
            "The bootloader forgets it at the next reset.",
            "If the board's supply voltage is lower than the option said, press RESET before the next upload.")),
        new(WarningCode.NoBootloader, new(
            "no-bootloader",
            "No bootloader would start the sketch",
            "A chip starts the program at the start of its flash. This sketch is for a place behind that, where a bootloader in flash would start it, and there is none. The bootloader in ROM writes the sketch and starts it once; after the next reset it does not run.",
            Unchanged,
            "Install the bootloader that the sketch is for: `upload-helper install-bootloader` lists those that there are. Or select \"no bootloader\" in the Tools menu, and compile the sketch again.")),
        new(WarningCode.UnknownBuild, new(
            "unknown-build",
            "The bootloader's file is none that upload-helper knows",
            "upload-helper knows the checksums of the files that the authors of a bootloader have published. This file is another one: a newer build, one that somebody made from the sources, or one that was damaged on its way. It is small enough, and has a vector table and the USB ids of that bootloader; the rest of it cannot be checked.",
            Unchanged,
            "If you know where the file comes from, there is nothing to do. Otherwise download it again from the address in the hint line.",
            "If the bootloader does not appear afterwards, set BOOT0 high again, press RESET, and install another file.")),
        new(WarningCode.CheckOverridden, new(
            "check-overridden",
            "A check was overridden",
            "The sketch does not fit this board, and `--force` overrides the check that found it.",
            "The upload continues. The board may not start the sketch.",
            "If the sketch does not run, remove `--force` and do what the hint says.")),
        new(WarningCode.BootloaderUncertain, new(
            "bootloader-uncertain",
            "The bootloader resembles a known one",
            "The bootloader looks like one that would not start this sketch, but it is not a build that upload-helper knows. upload-helper cannot be sure, so it continues.",
            "The upload continues. The board may not start the sketch.",
            "If the sketch does not run, check the address and the stack pointer that the warning names.")),
        new(WarningCode.NotVerifiable, new(
            "not-verifiable",
            "The upload cannot be verified",
            "This bootloader does not allow reading flash, or leaves as soon as it has the whole sketch, so upload-helper cannot compare it with the file. It knows only that the bootloader accepted every block.",
            Unchanged,
            "If the sketch does not run, upload it again.")),
        new(WarningCode.WrittenAgain, new(
            "written-again",
            "Verification failed, and everything is written again",
            "After the last erase, upload-helper reads the whole sketch back. It found a wrong byte, and writes the whole sketch once more. "
                + "Some chips erase more at once than their memory map says: for example an STM32F103 with 2 KiB pages and a bootloader built for 1 KiB pages.",
            "The upload continues. If the second attempt fails too, it ends with an error.",
            "If this happens on every upload, use `--full` for this board.",
            "Or install the build of the bootloader that was made for this chip.")),
        new(WarningCode.ResetNeeded, new(
            "reset-needed",
            "Press RESET when the upload is complete",
            "A Maple bootloader starts the sketch after a USB reset. On Windows, the WinUSB driver cannot reset the device; on macOS, libusb before 1.0.23 cannot.",
            Unchanged,
            "Press RESET when the upload is complete.",
            "With the libusbK driver (Windows; install it with Zadig) or a newer libusb (macOS) the sketch starts by itself.")),
        new(WarningCode.StartUncertain, new(
            "start-uncertain",
            "The bootloader may not start the sketch",
            "When an STM32H7 is told to leave its bootloader in ROM, ROMs up to version 9.0 disconnect and start nothing (AN2606). Newer ones start the sketch. Over USB they look the same.",
            Unchanged,
            "If the sketch does not start when the upload is complete, press RESET with BOOT0 low.")),
        new(WarningCode.PortNotBack, new(
            "port-not-back",
            "The sketch's serial port did not reappear",
            "The upload is complete, but the serial port of the new sketch was not found.",
            "The new sketch is on the board.",
            "Press RESET on the board.",
            "If the sketch does not use USB serial, everything is fine.")),
        new(WarningCode.NoSketch, new(
            "no-sketch",
            "There is no sketch to start",
            "`leave` tells the board to start its sketch, but there is no sketch at the start address.",
            "Unchanged. It may stay in its bootloader.",
            "Upload a sketch, or give the address where the sketch begins: `upload-helper leave 0x08004000`.")),
        new(WarningCode.StaysInDfu, new(
            "stays-in-dfu",
            "The board will stay in its bootloader",
            "A Maple bootloader normally starts the sketch after a second. Once a computer has asked for its state, it waits for an upload without a time limit.",
            "Unchanged.",
            "Run `upload-helper leave`, or press RESET.")),
        new(WarningCode.FileNotKept, new(
            "file-not-kept",
            "A file could not be written",
            "The trace (`--trace`) or the flash of a virtual board (`flash=FILE`) cannot be written, for example because the disk is full. A file that had this name before is unchanged.",
            "Not affected. The upload continues.",
            "Free some space, or choose another file.")),
        new(WarningCode.OutputLost, new(
            "output-lost",
            "The output could not be written",
            "Standard output or standard error goes to a full disk, or to a program or terminal that has closed. What upload-helper prints there is lost.",
            "Not affected. The upload continues, and the exit status is that of the upload.",
            "Check where the output goes: the free space on the disk and the permissions.")),
    ];

    private static readonly Dictionary<WarningCode, WarningEntry> ByCode = Entries.ToDictionary(e => e.Warning);

    /// <summary>The stable code of a warning as it is printed, for example "port-busy".</summary>
    public static string Code(this WarningCode warning) => ByCode[warning].Text.Code;
}

/// <summary>One row of the table of warnings.</summary>
/// <param name="Warning">Which warning.</param>
/// <param name="Text">Its code and explanation.</param>
public sealed record WarningEntry(WarningCode Warning, Explanation Text);

/// <summary>The warnings of the program. <see cref="WarningTable"/> has the code and the explanation of each.</summary>
public enum WarningCode
{
    /// <summary>An environment variable UPLOADHELPER_... matches no setting.</summary>
    UnknownVariable,

    /// <summary>The sketch does not tell which address it was linked for.</summary>
    AddressUnproven,

    /// <summary>A .dfu file names a USB id of 0.</summary>
    FileIds,

    /// <summary>An image for a memory outside the internal flash is not a program.</summary>
    WrittenAsData,

    /// <summary>The stack pointer or a handler in the vector table is unusual.</summary>
    UnusualVectors,

    /// <summary>The serial port does not exist.</summary>
    PortMissing,

    /// <summary>Another program has the serial port open.</summary>
    PortBusy,

    /// <summary>The operating system does not allow this user to open the serial port.</summary>
    PortDenied,

    /// <summary>The sketch does not read from its serial port.</summary>
    PortStuck,

    /// <summary>The serial port failed.</summary>
    PortFailed,

    /// <summary>The serial port is not the board's own.</summary>
    PortNotTheBoard,

    /// <summary>The sketch did not reset.</summary>
    PortStillThere,

    /// <summary>The port for a serial adapter is the sketch's own, on USB.</summary>
    OverUsb,

    /// <summary>The bootloader in ROM does not answer at a speed, and a lower one is tried.</summary>
    SlowerBaudRate,

    /// <summary>The bootloader is listed but does not respond.</summary>
    GhostDevice,

    /// <summary>A device in DFU run-time mode could not be told to start its bootloader.</summary>
    DetachFailed,

    /// <summary>A device in DFU mode has other ids than those looked for.</summary>
    OtherDevice,

    /// <summary>This bootloader has a known weak point.</summary>
    DeviceLimit,

    /// <summary>The supply voltage has no effect on this bootloader.</summary>
    VoltageIgnored,

    /// <summary>The bootloader did not confirm that it has forgotten the supply voltage.</summary>
    VoltageKept,

    /// <summary>Nothing at the start of the flash would start the sketch.</summary>
    NoBootloader,

    /// <summary>The file with a bootloader is none of the published ones.</summary>
    UnknownBuild,

    /// <summary>A check was overridden with --force.</summary>
    CheckOverridden,

    /// <summary>The bootloader resembles a known one that would not start this sketch.</summary>
    BootloaderUncertain,

    /// <summary>This bootloader does not allow reading flash.</summary>
    NotVerifiable,

    /// <summary>Verification failed, and everything is written again.</summary>
    WrittenAgain,

    /// <summary>The user will have to press RESET when the upload is complete.</summary>
    ResetNeeded,

    /// <summary>This bootloader may not start the sketch.</summary>
    StartUncertain,

    /// <summary>The sketch's serial port did not reappear.</summary>
    PortNotBack,

    /// <summary>There is no sketch to start.</summary>
    NoSketch,

    /// <summary>The board will stay in its bootloader.</summary>
    StaysInDfu,

    /// <summary>The trace or the flash of a virtual board cannot be written to its file.</summary>
    FileNotKept,

    /// <summary>Standard output or standard error cannot be written.</summary>
    OutputLost,
}
