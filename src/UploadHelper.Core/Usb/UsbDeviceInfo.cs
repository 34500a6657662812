namespace UploadHelper.Core.Usb;

/// <summary>
/// A device as one look at the bus shows it, before anything is opened. Two looks show an equal
/// <see cref="Bus"/> and <see cref="Number"/> only for the same enumeration of the same device.
/// </summary>
/// <param name="Bus">Number of the bus.</param>
/// <param name="Number">The device's number on the bus; a device that enumerates again gets another.</param>
/// <param name="Path">Where it is plugged in, as "1-1.2" (bus, ports), or "" where the system does not tell. Stays the same when the device enumerates again.</param>
/// <param name="VendorId">idVendor.</param>
/// <param name="ProductId">idProduct.</param>
/// <param name="Release">bcdDevice.</param>
/// <param name="Interfaces">The interfaces that are known without opening the device; alternate settings may be missing.</param>
public sealed record UsbDeviceInfo(
    int Bus,
    int Number,
    string Path,
    ushort VendorId,
    ushort ProductId,
    ushort Release,
    IReadOnlyList<UsbInterfaceInfo> Interfaces)
{
    /// <summary>idVendor and idProduct.</summary>
    public UsbId Id => new(VendorId, ProductId);
}

/// <summary>An interface as the configuration descriptor names it (USB 2.0, 9.6.5).</summary>
/// <param name="Number">bInterfaceNumber.</param>
/// <param name="AlternateSetting">bAlternateSetting.</param>
/// <param name="Class">bInterfaceClass.</param>
/// <param name="SubClass">bInterfaceSubClass.</param>
/// <param name="Protocol">bInterfaceProtocol.</param>
public readonly record struct UsbInterfaceInfo(byte Number, byte AlternateSetting, byte Class, byte SubClass, byte Protocol);
