using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Connecting;

/// <summary>Turns failures of a device or of the bus into messages for the user.</summary>
public static class ErrorMessages
{
    /// <summary>The state of a board before the first erase.</summary>
    public const string NothingErased = "Nothing was erased.";

    /// <summary>The state of a board that was only read.</summary>
    public const string Unchanged = "The board is unchanged.";

    /// <summary>The state of a board that has the new sketch.</summary>
    public const string Written = "The new sketch is on the board.";

    /// <summary>Why a Maple bootloader cannot start a sketch: <see cref="IUsbDevice.CanReset"/> is false.</summary>
    public const string NoBusReset = $"This bootloader starts a sketch only after a USB bus reset, {ResetNotPossible}";

    /// <summary>Why there is no bus reset, as the end of a sentence.</summary>
    public const string ResetNotPossible = "which is not possible here: the WinUSB driver (Windows) and libusb before 1.0.23 (macOS) cannot do it.";

    /// <summary>How the user starts a bootloader in ROM, if that is what the board has.</summary>
    public const string HoldBoot0 =
        "If the board has no bootloader in flash (a Black Pill, for example), hold BOOT0, press RESET and release BOOT0; otherwise press RESET alone.";

    /// <summary>What helps if <see cref="Runtime"/> is said of a device that nobody has named.</summary>
    public const string UseDetach = "To tell a device in DFU run-time mode to start its bootloader, give --detach";

    private const string Retry = $"Press RESET on the board (or unplug it and plug it in again) and {Again.Clause}.";

    /// <summary>A device and its USB path: "0483:DF11 at 1-1". The chip at a serial port has no ids.</summary>
    public static string Place(UsbDeviceInfo device) => device.IsAtSerialPort ? $"the chip at {device.Path}" : $"{device.Id} at {device.Path}";

    /// <summary>Describes a failed transfer in one sentence.</summary>
    public static string Short(UsbException e) => e.Fault switch
    {
        UsbFault.Gone => "The board disconnected during the operation.",
        UsbFault.Timeout => "The board stopped responding.",
        UsbFault.Stall => "The board refused a request (STALL).",
        _ => $"A transfer failed: {e.Message}",
    };

    /// <summary>Explains a failed transfer.</summary>
    /// <param name="e">The failure.</param>
    /// <param name="state">The state of the board, in a sentence.</param>
    public static UploadException Explain(UsbException e, string state) => e.Fault switch
    {
        UsbFault.Gone => new UploadException(UploadError.DeviceLost, $"{Short(e)} {state}", Retry, e),
        UsbFault.Busy => new UploadException(UploadError.DeviceBusy, $"Another program is using the board. {state}", $"Close that program and {Again.Clause}.", e),
        _ => new UploadException(UploadError.DeviceFailed, $"{Short(e)} {state}", Retry, e),
    };

    /// <summary>Explains a device that did not follow the protocol.</summary>
    /// <param name="e">The failure.</param>
    /// <param name="state">The state of the board, in a sentence.</param>
    public static UploadException Explain(DfuException e, string state) => e.Status?.Code == DfuStatusCode.ErrVendor
        ? new UploadException(
            UploadError.ReadProtected,
            $"{e.Message} {state}",
            "errVENDOR usually means that the flash is read-protected (RDP). `upload-helper unprotect` removes the protection, and erases the whole flash.",
            e)
        : new UploadException(UploadError.DeviceFailed, $"{e.Message} {state}", e.Hint ?? Retry, e);

    /// <summary>Lists the devices of a bus.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.UsbUnavailable"/>: the bus cannot be listed.</exception>
    public static T Listing<T>(Func<T> list)
    {
        try
        {
            return list();
        }
        catch (UsbException e)
        {
            throw new UploadException(
                UploadError.UsbUnavailable,
                $"Cannot list USB devices: {e.Message} {Unchanged}",
                e.Fault == UsbFault.LibraryMissing ? $"Install it and {Again.Clause}." : $"Fix this and {Again.Clause}.",
                e);
        }
    }

    /// <summary>Describes a device that is listed but does not respond (<see cref="FirstContact"/>), in whole sentences. That its sketch runs is likely, not observed.</summary>
    public static string NoResponse(string place) =>
        $"{place} is listed but does not respond. Most likely its sketch is already running: a bootloader can stay on the bus when it starts a sketch without USB.";

    /// <summary>Explains a device that is listed but does not respond.</summary>
    public static UploadException Ghost(UsbDeviceInfo device, Exception? inner) => new(
        UploadError.GhostDevice,
        $"{NoResponse(Place(device))} {Unchanged}",
        $"Press RESET on the board (or unplug it and plug it in again) and {Again.Clause} at once.",
        inner);

    /// <summary>Names the devices in DFU mode that have other ids than the wanted ones, and those in DFU run-time mode, in whole sentences; "" if there are none.</summary>
    /// <param name="others">Devices in DFU mode.</param>
    /// <param name="devices">All devices.</param>
    public static string OtherDevices(IReadOnlyList<UsbDeviceInfo> others, IReadOnlyList<UsbDeviceInfo> devices) => string.Concat(
        others.Select(d => $" {OtherIds(d)}")
            .Concat(devices.Where(DfuDescription.IsRuntime).Select(d => $" {Runtime(d)}")));

    /// <summary>Describes a device in DFU mode with other ids than the wanted ones, in one sentence.</summary>
    public static string OtherIds(UsbDeviceInfo device) => $"{Place(device)} is in DFU mode, but its USB ids are not those that this command looks for.";

    /// <summary>Describes a device in DFU run-time mode, in one sentence.</summary>
    public static string Runtime(UsbDeviceInfo device) =>
        $"{Place(device)} is in DFU run-time mode: its program is running, and it must be reset into its bootloader first.";

    /// <summary>Explains a device that cannot be opened.</summary>
    public static UploadException NotOpened(UsbDeviceInfo device, UsbException e)
    {
        var name = Place(device);
        return e.Fault switch
        {
            UsbFault.AccessDenied => new UploadException(
                UploadError.AccessDenied,
                $"Found the bootloader {name}, but this user does not have permission to open it. {NothingErased}",
                "On Linux, install the udev rules: `upload-helper doctor` shows the command. Then unplug the board and plug it in again.",
                e),
            UsbFault.Busy => new UploadException(
                UploadError.DeviceBusy,
                $"Found the bootloader {name}, but another program is using it. {NothingErased}",
                $"Close that program (for example a browser with WebUSB, STM32CubeProgrammer or dfu-util) and {Again.Clause}.",
                e),
            _ => new UploadException(
                UploadError.WrongDriver,
                $"Found the bootloader {name}, but it has no driver that allows access. {NothingErased}",
                device.Id == MapleFamily.Id
                    ? "On Windows, install the libusbK driver for it, for example with Zadig. (With WinUSB, the sketch would start only when you press RESET.)"
                    : "On Windows, install the WinUSB driver for it, for example with Zadig.",
                e),
        };
    }
}
