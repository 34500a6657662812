namespace UploadHelper.Core.Errors;

/// <summary>The one table of warnings, in the order in which an upload comes to them. The upload goes on after each.</summary>
public static class WarningTable
{
    private const string AsItWas = "As it was.";

    /// <summary>All warnings.</summary>
    public static IReadOnlyList<WarningEntry> Entries { get; } =
    [
        new(WarningCode.UnknownVariable, new(
            "unknown-variable",
            "A variable of the environment is not known",
            "There is a variable `UPLOADHELPER_...` that is no setting of this version: its name is misspelt, or it is meant for another version.",
            AsItWas,
            "Write it as the option is called, for example `UPLOADHELPER_NO_VERIFY` for `--no-verify`; or unset it.")),
        new(WarningCode.AddressUnproven, new(
            "address-unproven",
            "It cannot be told for which address the sketch was compiled",
            "Very small sketches have too little in them to check that they were compiled for this bootloader.",
            AsItWas,
            "Nothing, if the sketch runs. If it does not, check that the right bootloader is chosen in the Tools menu.")),
        new(WarningCode.PortMissing, new(
            "port-missing",
            "The serial port is not there",
            "The sketch on the board is brought into the bootloader through its serial port, and there is no such port: the board is not plugged in, its sketch has no USB serial or has crashed, or it is in its bootloader already.",
            AsItWas,
            "Press RESET on the board when you are asked to.")),
        new(WarningCode.PortBusy, new(
            "port-busy",
            "Another program has the serial port open",
            "Only one program at a time can use a serial port.",
            AsItWas,
            "Press RESET on the board now. For the next time: close the serial monitor, or the terminal that has the port open.")),
        new(WarningCode.PortDenied, new(
            "port-denied",
            "You may not open the serial port",
            "The operating system lets only some users open serial ports.",
            AsItWas,
            "Press RESET on the board now.",
            "Linux, for good: `sudo usermod -aG dialout $USER`, then log in again. `upload-helper doctor` names the right group.")),
        new(WarningCode.PortStuck, new(
            "port-stuck",
            "The sketch does not read from its serial port",
            "The sketch hangs, or is one that does not listen for the magic reset.",
            AsItWas,
            "Press RESET on the board now.")),
        new(WarningCode.PortFailed, new(
            "port-failed",
            "The serial port failed",
            "The operating system reports a failure of the port. Often the board has just reset by itself.",
            AsItWas,
            "If the upload does not go on, press RESET on the board.")),
        new(WarningCode.PortNotTheBoard, new(
            "port-not-the-board",
            "The serial port is not that of the board itself",
            "The chosen port is a USB serial adapter, an ST-Link or Bluetooth. A magic reset sent there could disturb what hangs on it.",
            AsItWas,
            "Choose the board's own port in the Tools menu, or press RESET on the board when you are asked to.")),
        new(WarningCode.PortStillThere, new(
            "port-still-there",
            "The sketch did not reset",
            "`reset` sent the magic reset, and the sketch's port is still there.",
            "As it was: its sketch runs on.",
            "Press RESET on the board.",
            "The sketch must be built with USB serial, and with a core that knows the magic reset.")),
        new(WarningCode.GhostDevice, new(
            "ghost-device",
            "The bootloader is listed, but nobody answers",
            "Some old bootloaders start the sketch without leaving the USB bus. The computer still lists them.",
            AsItWas,
            "If the upload does not go on, press RESET on the board.")),
        new(WarningCode.DeviceLimit, new(
            "device-limit",
            "This bootloader has a weak point",
            "Some bootloaders are at risk in ways that no uploader can prevent. The line says when and how.",
            AsItWas,
            "Keep the cable in until the upload is done.")),
        new(WarningCode.NotVerifiable, new(
            "not-verifiable",
            "This bootloader cannot be read back",
            "What is written cannot be compared with the file. The bootloader reports that it took every block, no more.",
            AsItWas,
            "If the sketch does not run, upload it again.")),
        new(WarningCode.ResetNeeded, new(
            "reset-needed",
            "You will have to press RESET at the end",
            "A Maple bootloader starts the sketch when the USB bus is reset, and Windows does not do that with the driver WinUSB.",
            AsItWas,
            "Press RESET when the upload is done.",
            "With the driver libusbK (by Zadig) the sketch starts by itself.")),
        new(WarningCode.PortNotBack, new(
            "port-not-back",
            "The sketch's serial port did not come back",
            "The sketch is written, and its serial port was not seen again.",
            "The new sketch is on it.",
            "Press RESET on the board.",
            "If the sketch does not use USB serial, all is well.")),
        new(WarningCode.NoSketch, new(
            "no-sketch",
            "There is no sketch to start",
            "`leave` tells the board to start its sketch, and where it should begin there is none.",
            "As it was; it may stay in its bootloader.",
            "Upload a sketch, or give the address where it begins: `upload-helper leave 0x08004000`.")),
        new(WarningCode.StaysInDfu, new(
            "stays-in-dfu",
            "The board will stay in its bootloader",
            "A Maple bootloader that was asked for its state waits for an upload for ever, instead of starting the sketch after a second.",
            "Its sketch is still there.",
            "`upload-helper leave`, or press RESET.")),
    ];
    private static readonly Dictionary<WarningCode, WarningEntry> ByCode = Entries.ToDictionary(e => e.Warning);

    /// <summary>The stable code of a warning as it is printed, for example "port-busy".</summary>
    public static string Code(this WarningCode warning) => ByCode[warning].Text.Code;
}

/// <summary>A row of the table of warnings.</summary>
/// <param name="Warning">Which warning.</param>
/// <param name="Text">Its code and explanation.</param>
public sealed record WarningEntry(WarningCode Warning, Explanation Text);

/// <summary>The warnings of the program. <see cref="WarningTable"/> has the code and the explanation of each.</summary>
public enum WarningCode
{
    /// <summary>A variable of the environment is not known.</summary>
    UnknownVariable,

    /// <summary>It cannot be told for which address the sketch was compiled.</summary>
    AddressUnproven,

    /// <summary>The serial port is not there.</summary>
    PortMissing,

    /// <summary>Another program has the serial port open.</summary>
    PortBusy,

    /// <summary>You may not open the serial port.</summary>
    PortDenied,

    /// <summary>The sketch does not read from its serial port.</summary>
    PortStuck,

    /// <summary>The serial port failed.</summary>
    PortFailed,

    /// <summary>The serial port is not that of the board itself.</summary>
    PortNotTheBoard,

    /// <summary>The sketch did not reset.</summary>
    PortStillThere,

    /// <summary>The bootloader is listed, but nobody answers.</summary>
    GhostDevice,

    /// <summary>This bootloader has a weak point.</summary>
    DeviceLimit,

    /// <summary>This bootloader cannot be read back.</summary>
    NotVerifiable,

    /// <summary>You will have to press RESET at the end.</summary>
    ResetNeeded,

    /// <summary>The sketch's serial port did not come back.</summary>
    PortNotBack,

    /// <summary>There is no sketch to start.</summary>
    NoSketch,

    /// <summary>The board will stay in its bootloader.</summary>
    StaysInDfu,
}
