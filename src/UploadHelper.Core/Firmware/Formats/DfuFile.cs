using System.Buffers.Binary;
using System.Text;
using UploadHelper.Core.Errors;

namespace UploadHelper.Core.Firmware.Formats;

/// <summary>Reads DfuSe files (UM0391): a prefix, targets, and elements with addresses.</summary>
internal static class DfuSeReader
{
    private const int PrefixSize = 11;
    private const int TargetSize = 274;
    private const int ElementSize = 8;
    private const byte Version = 1;

    /// <summary>The first bytes of a DfuSe file.</summary>
    public static ReadOnlySpan<byte> Signature => "DfuSe"u8;

    /// <summary>Reads the targets of a file, including RAM; targets without data are omitted.</summary>
    /// <param name="file">The file without its suffix.</param>
    /// <param name="suffix">The suffix, or null if there is none: dfu-suffix can delete it. The sizes in the file then show that it is complete.</param>
    /// <exception cref="UploadException">The file is damaged; the message gives the byte.</exception>
    public static IReadOnlyList<ImageTarget> Read(ImageFile file, DfuSuffix? suffix)
    {
        var errors = new FileErrors(file.Name, "DfuSe file", isText: false);
        var bytes = new Cursor(file.Content, errors);
        var targetCount = Prefix(bytes.Take(PrefixSize, "the prefix"), file.Content.Length, suffix, errors);
        var targets = new List<ImageTarget>();
        for (var i = 1; i <= targetCount; i++)
        {
            var target = Target(bytes, i, errors);
            if (target.Segments.Count > 0)
            {
                targets.Add(target);
            }
        }

        return bytes.Left == 0
            ? targets
            : throw errors.At(bytes.Position, $"there are {bytes.Left} unexpected bytes between the last target and the suffix");
    }

    private static int Prefix(ReadOnlyMemory<byte> prefix, int size, DfuSuffix? suffix, FileErrors errors)
    {
        var suffixSize = suffix?.Size ?? DfuSuffix.UsualSize;
        if (prefix.Span[5] != Version)
        {
            throw errors.At(5, $"unsupported version {prefix.Span[5]} (expected {Version})");
        }

        // DFUImageSize: some writers count the suffix, some do not.
        var said = Word(prefix, 6);
        return said == size || said == size + (long)suffixSize ? prefix.Span[10]
            : suffix is null ? throw errors.At(size, "the file ends here without a DFU suffix (16 bytes that contain \"UFD\")")
            : throw errors.At(6, $"the prefix declares {said} bytes, but the file has {size} ({size + suffixSize} with the suffix)");
    }

    private static ImageTarget Target(Cursor bytes, int number, FileErrors errors)
    {
        var position = bytes.Position;
        var header = bytes.Take(TargetSize, $"the header of target {number}");
        if (!header.Span.StartsWith("Target"u8))
        {
            throw errors.At(position, $"target {number} begins with {HexText.Printable(header.Span[0])}... instead of \"Target\"");
        }

        // dwTargetSize is redundant: the elements carry their own sizes. dfu-util ignores it, too.
        var builder = new SegmentBuilder(errors);
        var elements = Word(header, 270);
        for (uint i = 1; i <= elements; i++)
        {
            var element = bytes.Take(ElementSize, $"the header of element {i} of {elements} of target {number}");
            var (address, size) = (Word(element, 0), Word(element, 4));
            var data = bytes.Take(size, $"element {i} of {elements} of target {number}");
            builder.Add(address, data, bytes.Position - data.Length);
        }

        var name = header.Span[11..(11 + 255)];
        var end = name.IndexOf((byte)0);
        var isNamed = Word(header, 7) != 0;
        return new ImageTarget(header.Span[6], isNamed ? Encoding.Latin1.GetString(end < 0 ? name : name[..end]).Trim() : null, builder.Build());
    }

    private static uint Word(ReadOnlyMemory<byte> bytes, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.Span[offset..]);

    private sealed class Cursor(ReadOnlyMemory<byte> content, FileErrors errors)
    {
        public int Position { get; private set; }

        public int Left => content.Length - Position;

        public ReadOnlyMemory<byte> Take(uint size, string what)
        {
            if (size > Left)
            {
                throw errors.At(Position, $"{what} needs {size} bytes, but only {Left} are left before the suffix");
            }

            Position += (int)size;
            return content.Slice(Position - (int)size, (int)size);
        }
    }
}

/// <summary>
/// The end of a .dfu file (USB DFU 1.1, appendix B): bcdDevice, idProduct, idVendor, bcdDFU, "UFD", bLength, dwCRC.
/// The data before it can be in any format.
/// </summary>
/// <param name="MadeFor">The device that the file was made for.</param>
/// <param name="Size">bLength, in bytes.</param>
internal sealed record DfuSuffix(DfuFileIds MadeFor, int Size)
{
    /// <summary>The size of the suffix that DFU 1.1 defines, in bytes; the smallest that is accepted.</summary>
    public const int UsualSize = 16;

    private const int ChecksumSize = 4;

    /// <summary>Removes the suffix from a file, if it has one.</summary>
    /// <returns>The file without its suffix; and the suffix, or null.</returns>
    /// <exception cref="UploadException">There is a suffix, but its checksum does not match the file.</exception>
    public static (ImageFile Body, DfuSuffix? Suffix) Remove(ImageFile file)
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
            throw new FileErrors(file.Name, ".dfu file", isText: false).At(
                content.Length - ChecksumSize, $"the checksum is 0x{checksum:X8} but should be 0x{expected:X8}");
        }

        var size = content[^5];
        var fields = content[^UsualSize..];
        var ids = new DfuFileIds(
            Vendor: BinaryPrimitives.ReadUInt16LittleEndian(fields[4..]),
            Product: BinaryPrimitives.ReadUInt16LittleEndian(fields[2..]),
            Release: BinaryPrimitives.ReadUInt16LittleEndian(fields));
        return (file with { Content = file.Content[..^size] }, new DfuSuffix(ids, size));
    }

    /// <summary>dwCRC of all bytes before it: CRC-32 with the polynomial 0xEDB88320, but, unlike in zip files, not inverted at the end.</summary>
    public static uint Checksum(ReadOnlySpan<byte> bytes)
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
