using System.Text;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Usb;

namespace UploadHelper.Tests.Support;

/// <summary>Makes files that look like builds of a bootloader: a program for the start of the flash, with a USB device descriptor and a string. The real ones are other people's.</summary>
internal static class BootloaderImage
{
    private const ushort Release = 0x0300;

    // That of LeafLabs has 6,840 bytes, where its area ends at 20 KiB.
    private const int Largest = 0x3C00;

    /// <summary>The catalogue's entry with a name.</summary>
    public static BootloaderInfo Named(string name) => BootloaderCatalogue.Installable.Single(b => b.Installation!.Name == name);

    /// <summary>A file that fills almost all of the bootloader's area.</summary>
    public static ImageFile File(string name) => new($"{name}.bin", Bytes(name));

    /// <summary>Its bytes.</summary>
    public static byte[] Bytes(string name)
    {
        var installation = Named(name).Installation!;
        return Bytes(installation.Id, installation.Mark, Math.Min(installation.Area - 100, Largest), installation.Series == Stm32Series.F1 ? 0x2000_5000u : 0x2002_0000u);
    }

    /// <summary>A program for the start of the flash with a device descriptor and a text at its end.</summary>
    public static byte[] Bytes(UsbId id, string mark, int size, uint stack)
    {
        var image = SketchImage.Bytes(FlashAddress.FlashBase, size, stack);
        byte[] descriptor =
        [
            18, 1, 0x10, 0x01, 0, 0, 0, 64, (byte)id.Vendor, (byte)(id.Vendor >> 8), (byte)id.Product, (byte)(id.Product >> 8), Release & 0xFF, Release >> 8, 1, 2, 0, 1,
        ];
        byte[] end = [.. descriptor, .. Encoding.Unicode.GetBytes(mark)];
        end.CopyTo(image, size - end.Length);
        return image;
    }
}
