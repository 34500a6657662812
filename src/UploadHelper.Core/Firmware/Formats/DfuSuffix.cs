using System.Buffers.Binary;

namespace UploadHelper.Core.Firmware.Formats;

/// <summary>
/// The end of a .dfu file (USB DFU 1.1, appendix B): bcdDevice, idProduct, idVendor, bcdDFU, "UFD", bLength, dwCRC.
/// Anything may stand before it.
/// </summary>
/// <param name="MadeFor">The device that the file was made for.</param>
/// <param name="Size">bLength, in bytes.</param>
internal sealed record DfuSuffix(DfuFileIds MadeFor, int Size)
{
    /// <summary>The size of every suffix that is written today, in bytes.</summary>
    public const int UsualSize = 16;

    private const int ChecksumSize = 4;

    /// <summary>Takes the suffix off a file, if it has one.</summary>
    /// <returns>What stands before the suffix; and the suffix, or null.</returns>
    /// <exception cref="Uploading.UploadException">There is one, but its checksum is not that of the file.</exception>
    public static (ImageFile Body, DfuSuffix? Suffix) TakeOff(ImageFile file)
    {
        var content = file.Content.Span;
        if (content.Length < UsualSize || !content[^8..^5].SequenceEqual("UFD"u8) || content[^5] < UsualSize || content[^5] > content.Length)
        {
            return (file, null);
        }

        var expected = Checksum(content[..^ChecksumSize]);
        var checksum = BinaryPrimitives.ReadUInt32LittleEndian(content[^ChecksumSize..]);
        if (checksum != expected)
        {
            throw new FileTrouble(file.Name, "a .dfu file", isText: false).At(
                content.Length - ChecksumSize, $"the checksum of the file is 0x{checksum:X8}, and should be 0x{expected:X8}");
        }

        var size = content[^5];
        var fields = content[^UsualSize..];
        var ids = new DfuFileIds(
            Vendor: BinaryPrimitives.ReadUInt16LittleEndian(fields[4..]),
            Product: BinaryPrimitives.ReadUInt16LittleEndian(fields[2..]),
            Release: BinaryPrimitives.ReadUInt16LittleEndian(fields));
        return (file with { Content = file.Content[..^size] }, new DfuSuffix(ids, size));
    }

    // CRC-32 with the polynomial 0xEDB88320, without the inversion at the end that zip files have.
    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        Span<uint> table = stackalloc uint[256];
        for (var i = 0; i < table.Length; i++)
        {
            var remainder = (uint)i;
            for (var bit = 0; bit < 8; bit++)
            {
                remainder = (remainder >> 1) ^ ((remainder & 1) * 0xEDB8_8320);
            }

            table[i] = remainder;
        }

        var sum = uint.MaxValue;
        foreach (var b in bytes)
        {
            sum = (sum >> 8) ^ table[(byte)(sum ^ b)];
        }

        return sum;
    }
}
