using UploadHelper.Core.Usb;
using UploadHelper.Devices.Windows;

namespace UploadHelper.Devices.Usb;

/// <summary>The error codes of libusb (enum libusb_error), as faults of the bus.</summary>
internal static class LibUsbError
{
    public const int NoDevice = -4;
    public const int NotFound = -5;
    private const int Io = -1;
    private const int Access = -3;
    private const int Busy = -6;
    private const int Timeout = -7;
    private const int Pipe = -9;
    private const int NotSupported = -12;

    /// <summary>The fault that a code means.</summary>
    public static UsbFault Fault(int code) => code switch
    {
        Access => UsbFault.AccessDenied,
        NoDevice => UsbFault.Gone,
        Busy => UsbFault.Busy,
        Timeout => UsbFault.Timeout,
        Pipe => UsbFault.Stall,
        NotSupported or NotFound => UsbFault.WrongDriver,
        _ => UsbFault.Io,
    };

    /// <summary>The exception for a code.</summary>
    /// <param name="code">The result of libusb; negative.</param>
    /// <param name="what">What was tried.</param>
    public static UsbException Exception(int code, string what) => new(Fault(code), $"{what} failed: {Name(code)}.");

    /// <summary>The exception for a code that an open device returned.</summary>
    /// <param name="code">The result of libusb; negative.</param>
    /// <param name="what">What was tried.</param>
    /// <param name="device">The device.</param>
    /// <param name="bus">The bus on which it was opened.</param>
    /// <param name="notFound">What "not found" means here, if not a missing driver.</param>
    public static UsbException Exception(
        int code, string what, UsbDeviceInfo device, IUsbBus bus, UsbFault notFound = UsbFault.WrongDriver)
    {
        // While a device is being removed, the kernel may return other errors before it says that the device is gone.
        if (Fault(code) is UsbFault.Io or UsbFault.WrongDriver && !bus.List().Any(d => d.Bus == device.Bus && d.Number == device.Number))
        {
            return new UsbException(UsbFault.Gone, "The device is no longer on the bus.");
        }

        return code == NotFound ? new UsbException(notFound, $"{what} failed: {Name(code)}.") : Exception(code, what);
    }

    /// <summary>Returns a result that is not negative, and throws for the others.</summary>
    public static int Check(int result, string what) => result >= 0 ? result : throw Exception(result, what);

    private static string Name(int code) => code switch
    {
        Io => "input/output error (LIBUSB_ERROR_IO)",
        Access => "access denied (LIBUSB_ERROR_ACCESS)",
        NoDevice => "no such device (LIBUSB_ERROR_NO_DEVICE)",
        NotFound => "not found (LIBUSB_ERROR_NOT_FOUND)",
        Busy => "busy (LIBUSB_ERROR_BUSY)",
        Timeout => "time-out (LIBUSB_ERROR_TIMEOUT)",
        Pipe => "stall (LIBUSB_ERROR_PIPE)",
        NotSupported => "not supported (LIBUSB_ERROR_NOT_SUPPORTED)",
        _ => $"libusb error {code}",
    };
}

/// <summary>The arguments of transfers, as the USB libraries take them.</summary>
internal static class TransferArguments
{
    // Bit 7 of an endpoint's address: from the device to the host (USB 2.0, 9.6.6).
    private const byte FirstInEndpoint = 0x80;

    /// <summary>Checks the arguments of a transfer (<see cref="IUsbDevice"/>).</summary>
    /// <param name="setup">Its setup packet.</param>
    /// <param name="length">Bytes of its data stage.</param>
    /// <param name="timeout">Its time limit.</param>
    /// <returns>The time limit in milliseconds, at least 1: for the libraries 0 means no limit.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The length differs from that in the setup packet, or the time limit is not above zero.</exception>
    public static int Milliseconds(UsbSetup setup, int length, TimeSpan timeout)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(length, setup.Length);
        return Milliseconds(timeout);
    }

    /// <summary>Checks the arguments of a transfer from an interrupt endpoint (<see cref="IUsbDevice"/>).</summary>
    /// <param name="endpoint">Address of the endpoint.</param>
    /// <param name="length">Room for the packet.</param>
    /// <param name="timeout">Its time limit.</param>
    /// <returns>The time limit in milliseconds, at least 1.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Not an IN endpoint, no room, or the time limit is not above zero.</exception>
    public static int Milliseconds(byte endpoint, int length, TimeSpan timeout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(endpoint, FirstInEndpoint);
        ArgumentOutOfRangeException.ThrowIfZero(length);
        return Milliseconds(timeout);
    }

    private static int Milliseconds(TimeSpan timeout)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeout, TimeSpan.Zero);
        return (int)Math.Ceiling(timeout.TotalMilliseconds);
    }
}

/// <summary>Whether libusb_reset_device really resets a port: it reports success also where it cannot.</summary>
internal static class UsbPortReset
{
    // Since then a reset makes the device enumerate again; ResetDevice does nothing from macOS 10.11 on (libusb #455, #456).
    private static readonly Version ReenumeratesOnMac = new(1, 0, 23);

    /// <summary>Whether the port of a device can be reset.</summary>
    public static bool IsPossible(UsbDeviceInfo device) =>
        OperatingSystem.IsWindows() ? CanReset(WindowsCatalogue.OfThisMachine.DriversOf(device.Id))
        : !OperatingSystem.IsMacOS() || LibUsbLoader.ReadVersion() >= ReenumeratesOnMac;

    /// <summary>Whether all of these drivers can reset a port (windows_winusb.c, winusbx_reset_device): WinUSB has no call for it.</summary>
    internal static bool CanReset(IReadOnlyCollection<string> drivers) =>
        drivers.Count > 0
        && drivers.All(d => d.Equals("libusbK", StringComparison.OrdinalIgnoreCase) || d.Equals("libusb0", StringComparison.OrdinalIgnoreCase));
}
