using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Diagnosis;

/// <summary>A USB device as the operating system knows it, without opening it and without libusb.</summary>
/// <param name="Id">idVendor and idProduct.</param>
/// <param name="Path">Where it is plugged in, as <see cref="UsbDeviceInfo.Path"/>; "" where the system does not tell.</param>
/// <param name="Name">Its product string, or what the system calls it; "" if there is none.</param>
public sealed record SeenDevice(UsbId Id, string Path, string Name)
{
    /// <summary>Whether it is in DFU mode.</summary>
    public bool IsDfu { get; init; }

    /// <summary>The drivers that hold its interfaces ("usbfs", "cdc_acm", "WinUSB"); none if nothing does.</summary>
    public IReadOnlyList<string> Drivers { get; init; } = [];

    /// <summary>Whether this user may open it.</summary>
    public Access Access { get; init; }

    /// <summary>The file that is opened for it (Linux), or null.</summary>
    public string? Node { get; init; }

    /// <summary>The processes that are known to have it open.</summary>
    public IReadOnlyList<Holder> Holders { get; init; } = [];
}
