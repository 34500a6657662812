using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Connecting;

/// <summary>Turns what a device or the bus did into what the user is told.</summary>
public static class ErrorMessages
{
    /// <summary>The state of a board on which nothing was erased yet.</summary>
    public const string Untouched = "Nothing was erased.";

    /// <summary>The state of a board that was only looked at.</summary>
    public const string Unchanged = "The board is as it was.";

    /// <summary>The state of a board whose sketch is being replaced.</summary>
    public const string Incomplete = "The bootloader is intact; the sketch on the board is not complete and will not be started.";

    /// <summary>The state of a board whose bootloader rewrites the page that it shares with the sketch.</summary>
    /// <param name="quirks">What is known of that bootloader.</param>
    public static string InSharedPage(BootloaderInfo quirks) => $"The sketch on the board is not complete and will not be started. {quirks.Limit?.PowerLost}";

    /// <summary>The state of a board whose sketch is being replaced, and whose bootloader must be written in one go.</summary>
    public const string IncompleteMayStart = "The bootloader is intact; the sketch on the board is not complete, and may be started all the same.";

    /// <summary>
    /// The state of a board whose last block, with the vector table, is on its way. F4Bootloader may start the sketch
    /// as soon as it stands in flash, and is gone before it can be asked.
    /// </summary>
    public const string LastBlock =
        "Everything but the first block, with the vector table, is written and was compared if that was asked for; whether that block was "
        + "written too is not known. If it was, the new sketch runs now; if not, none is started.";

    /// <summary>The state of a board that has the new sketch.</summary>
    public const string Written = "The new sketch is on the board.";

    /// <summary>The state of a board that was given the new sketch and not read back.</summary>
    public const string WrittenUnverified = "The new sketch is written, but was not verified.";

    private const string Retry = "Press RESET on the board (or unplug it and plug it in) and run the same command again.";

    /// <summary>A failed transfer in a sentence.</summary>
    public static string Short(UsbException e) => e.Fault switch
    {
        UsbFault.Gone => "The board went away in the middle.",
        UsbFault.Timeout => "The board stopped answering.",
        UsbFault.Stall => "The board refused a request (STALL).",
        _ => $"USB failed: {e.Message}",
    };

    /// <summary>Explains a failed transfer.</summary>
    /// <param name="e">The failure.</param>
    /// <param name="state">The state of the board, in a sentence.</param>
    public static UploadException Explain(UsbException e, string state) => e.Fault switch
    {
        UsbFault.Gone => new UploadException(UploadError.DeviceLost, $"{Short(e)} {state}", Retry, e),
        UsbFault.Timeout => new UploadException(UploadError.DeviceFailed, $"{Short(e)} {state}", Retry, e),
        UsbFault.Stall => new UploadException(UploadError.DeviceFailed, $"{Short(e)} {state}", Retry, e),
        UsbFault.Busy => new UploadException(UploadError.DeviceBusy, $"Another program took the board. {state}", "Close it and run the same command again.", e),
        _ => new UploadException(UploadError.DeviceFailed, $"{Short(e)} {state}", Retry, e),
    };

    /// <summary>Explains a device that did not follow the protocol.</summary>
    /// <param name="e">The failure.</param>
    /// <param name="state">The state of the board, in a sentence.</param>
    public static UploadException Explain(DfuException e, string state) => e.Status?.Code == DfuStatusCode.ErrVendor
        ? new UploadException(
            UploadError.ReadProtected,
            $"{e.Message} {state}",
            "errVENDOR means that the flash is read protected (RDP). Removing the protection erases the whole chip; do it with ST's own tool if that is what you want.",
            e)
        : new UploadException(UploadError.DeviceFailed, $"{e.Message} {state}", Retry, e);

    /// <summary>Looks at a bus.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.UsbUnavailable"/>: it cannot be looked at.</exception>
    public static T Listing<T>(Func<T> look)
    {
        try
        {
            return look();
        }
        catch (UsbException e)
        {
            throw new UploadException(
                UploadError.UsbUnavailable,
                $"The USB bus cannot be looked at. {e.Message}",
                e.Fault == UsbFault.LibraryMissing ? "Install it and try again." : "The board is as it was. Mend this and try again.",
                e);
        }
    }

    /// <summary>Explains a device that may not be opened.</summary>
    public static UploadException NotOpened(UsbDeviceInfo device, UsbException e)
    {
        var name = $"{device.Id} at {device.Path}";
        return e.Fault switch
        {
            UsbFault.AccessDenied => new UploadException(
                UploadError.AccessDenied,
                $"The bootloader {name} is there, but this user may not open it. {Untouched}",
                "On Linux the udev rules are missing, or the board was plugged in before them: `upload-helper doctor` names the line of 60-upload-helper.rules "
                    + "that counts, and the command that installs them (scripts/install-udev.sh). Then plug the board in again.",
                e),
            UsbFault.Busy => new UploadException(
                UploadError.DeviceBusy,
                $"The bootloader {name} is there, but another program holds it. {Untouched}",
                "Close other flashing tools (a browser with WebUSB, STM32CubeProgrammer, dfu-util) and run the command again.",
                e),
            _ => new UploadException(
                UploadError.WrongDriver,
                $"The bootloader {name} is there, but has no driver through which it can be reached. {Untouched}",
                device.Id == DfuDescription.MapleId
                    ? "On Windows give it the libusbK driver, for example with Zadig. (With WinUSB the sketch would start only by RESET.)"
                    : "On Windows give it the WinUSB driver, for example with Zadig.",
                e),
        };
    }
}
