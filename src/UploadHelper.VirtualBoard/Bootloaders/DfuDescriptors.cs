using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>The descriptors of a device in DFU mode.</summary>
internal static class DfuDescriptors
{
    private const int FirstAlternateString = 4;

    /// <summary>One interface with an alternate setting per memory, and the functional descriptor behind the last.</summary>
    public static byte[] Configuration(int alternates, byte attributes, ushort transferSize, ushort version) => UsbIdentity.Configure(
        interfaces: 1,
        attributes: 0xC0,
        [
            .. Alternates(alternates),
            [9, 0x21, attributes, 0xFF, 0, (byte)transferSize, (byte)(transferSize >> 8), (byte)version, (byte)(version >> 8)],
        ]);

    /// <summary>The descriptors of interface 0 with its alternate settings; their names stand behind the serial number.</summary>
    public static IEnumerable<byte[]> Alternates(int count)
    {
        for (var a = 0; a < count; a++)
        {
            yield return [9, 4, 0, (byte)a, 0, 0xFE, 1, 2, (byte)(FirstAlternateString + a)];
        }
    }
}
