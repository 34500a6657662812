using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Firmware;

/// <summary>The device that a .dfu file was made for, from its suffix (USB DFU 1.1, appendix B). 0xFFFF stands for any.</summary>
/// <param name="Vendor">idVendor.</param>
/// <param name="Product">idProduct.</param>
/// <param name="Release">bcdDevice.</param>
public sealed record DfuFileIds(ushort Vendor, ushort Product, ushort Release)
{
    private const ushort Any = 0xFFFF;

    /// <summary>Whether the file was made for a device with these ids; the release is left to the user.</summary>
    public bool Fits(UsbId id) => Vendor is Any || (Vendor == id.Vendor && (Product is Any || Product == id.Product));

    /// <summary>As people write it: "0483:DF11, release 2.00"; "any device" where the file leaves it open.</summary>
    public override string ToString() =>
        (Vendor is Any ? "any device" : Product is Any ? $"any device of vendor {Vendor:X4}" : $"{new UsbId(Vendor, Product)}")
        + (Release is Any ? "" : $", release {Release >> 8:X}.{Release & 0xFF:X2}");
}
