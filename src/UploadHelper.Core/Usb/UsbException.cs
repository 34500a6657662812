namespace UploadHelper.Core.Usb;

/// <summary>What went wrong on the bus, in the classes that the upload treats differently.</summary>
public enum UsbFault
{
    /// <summary>The device answered STALL (a "pipe error"): it refuses this request.</summary>
    Stall,

    /// <summary>No answer within the transfer's time limit. The device may still carry the request out.</summary>
    Timeout,

    /// <summary>The device is no longer on the bus.</summary>
    Gone,

    /// <summary>The operating system does not let this user open the device.</summary>
    AccessDenied,

    /// <summary>Another program or driver holds the device or the interface.</summary>
    Busy,

    /// <summary>The device has no driver, or one through which it cannot be reached (Windows).</summary>
    WrongDriver,

    /// <summary>The library that reaches USB devices (libusb-1.0) is not installed, or cannot be loaded.</summary>
    LibraryMissing,

    /// <summary>Any other failure of the transfer.</summary>
    Io,
}

/// <summary>A failure of the bus or of one transfer.</summary>
public sealed class UsbException : Exception
{
    /// <summary>A failure of the given class, told in one sentence.</summary>
    public UsbException(UsbFault fault, string message, Exception? inner = null)
        : base(message, inner) => Fault = fault;

    /// <summary>The class of the failure.</summary>
    public UsbFault Fault { get; }
}
