using UploadHelper.Core.Usb;

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

    /// <summary>The fault that a code stands for.</summary>
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
    /// <param name="code">What libusb returned; negative.</param>
    /// <param name="what">What was tried.</param>
    public static UsbException Exception(int code, string what) => new(Fault(code), $"{what} failed: {Name(code)}.");

    /// <summary>The exception for a code that an open device gave.</summary>
    /// <param name="code">What libusb returned; negative.</param>
    /// <param name="what">What was tried.</param>
    /// <param name="device">The device.</param>
    /// <param name="bus">Where it was opened.</param>
    /// <param name="notFound">What "not found" means here, if not that there is no driver.</param>
    public static UsbException Exception(
        int code, string what, UsbDeviceInfo device, IUsbBus bus, UsbFault notFound = UsbFault.WrongDriver)
    {
        // While a device leaves, the kernel may answer with other errors before it says that it is gone.
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
