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
}
