using System.Buffers.Binary;

namespace UploadHelper.VirtualBoard.Usb;

/// <summary>The descriptors of a virtual device.</summary>
/// <param name="VendorId">idVendor.</param>
/// <param name="ProductId">idProduct.</param>
/// <param name="UsbRelease">bcdUSB.</param>
/// <param name="Release">bcdDevice.</param>
/// <param name="DeviceClass">bDeviceClass.</param>
/// <param name="Strings">The strings, from index 1 on: manufacturer, product, and the serial number if there is one; others follow it.</param>
/// <param name="Configuration">The whole configuration descriptor.</param>
public sealed record UsbIdentity(
    ushort VendorId,
    ushort ProductId,
    ushort UsbRelease,
    ushort Release,
    byte DeviceClass,
    IReadOnlyList<string> Strings,
    byte[] Configuration)
{
    private const byte SerialNumberIndex = 3;

    /// <summary>The serial number, or null.</summary>
    public string? SerialNumber => Strings.Count >= SerialNumberIndex ? Strings[SerialNumberIndex - 1] : null;

    /// <summary>The 18 bytes of the device descriptor (USB 2.0, 9.6.1); endpoint 0 takes 64 bytes.</summary>
    public byte[] DeviceDescriptor()
    {
        byte[] d = [18, 1, 0, 0, DeviceClass, 0, 0, 64, 0, 0, 0, 0, 0, 0, 1, 2, SerialNumber is null ? (byte)0 : SerialNumberIndex, 1];
        BinaryPrimitives.WriteUInt16LittleEndian(d.AsSpan(2), UsbRelease);
        BinaryPrimitives.WriteUInt16LittleEndian(d.AsSpan(8), VendorId);
        BinaryPrimitives.WriteUInt16LittleEndian(d.AsSpan(10), ProductId);
        BinaryPrimitives.WriteUInt16LittleEndian(d.AsSpan(12), Release);
        return d;
    }

    /// <summary>Puts a configuration together and fills in its total length (USB 2.0, 9.6.3).</summary>
    /// <param name="interfaces">bNumInterfaces.</param>
    /// <param name="attributes">bmAttributes: 0x80 bus powered, 0xC0 self powered.</param>
    /// <param name="parts">The descriptors behind the configuration's own.</param>
    public static byte[] Configure(byte interfaces, byte attributes, params byte[][] parts)
    {
        List<byte> all = [9, 2, 0, 0, interfaces, 1, 0, attributes, 50];
        foreach (var part in parts)
        {
            all.AddRange(part);
        }

        var configuration = all.ToArray();
        BinaryPrimitives.WriteUInt16LittleEndian(configuration.AsSpan(2), (ushort)configuration.Length);
        return configuration;
    }
}
