using System.Buffers.Binary;
using System.Text;
using UploadHelper.Core.Firmware;

namespace UploadHelper.Tests.Support;

/// <summary>Writes .dfu files, plain ones and DfuSe ones.</summary>
internal static class DfuFileWriter
{
    private const int TargetSize = 274;
    private const int SuffixSize = 16;

    /// <summary>A DfuSe file; <paramref name="sizeWithSuffix"/> says how its writer counts DFUImageSize.</summary>
    public static byte[] Write(IReadOnlyList<ImageTarget> targets, bool sizeWithSuffix = false)
    {
        using var file = new MemoryStream();
        file.Write("DfuSe\u0001"u8);
        var targetBytes = targets.Select(Target).ToList();
        Word(file, 11 + targetBytes.Sum(t => t.Length) + (sizeWithSuffix ? SuffixSize : 0));
        file.WriteByte((byte)targets.Count);
        targetBytes.ForEach(t => file.Write(t));
        return WithSuffix(file.ToArray(), new DfuFileIds(0x0483, 0xDF11, 0xFFFF), 0x011A);
    }

    /// <summary>Anything with a suffix behind it.</summary>
    public static byte[] WithSuffix(byte[] content, DfuFileIds ids, ushort version = 0x0100)
    {
        var file = new byte[content.Length + SuffixSize];
        content.CopyTo(file, 0);
        var suffix = file.AsSpan(content.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(suffix, ids.Release);
        BinaryPrimitives.WriteUInt16LittleEndian(suffix[2..], ids.Product);
        BinaryPrimitives.WriteUInt16LittleEndian(suffix[4..], ids.Vendor);
        BinaryPrimitives.WriteUInt16LittleEndian(suffix[6..], version);
        "UFD"u8.CopyTo(suffix[8..]);
        suffix[11] = SuffixSize;
        BinaryPrimitives.WriteUInt32LittleEndian(suffix[12..], Checksum(file.AsSpan(..^4)));
        return file;
    }

    private static byte[] Target(ImageTarget target)
    {
        using var bytes = new MemoryStream();
        bytes.Write("Target"u8);
        bytes.WriteByte(target.Alternate ?? 0);
        Word(bytes, target.Name is null ? 0 : 1);
        bytes.Write(Encoding.Latin1.GetBytes((target.Name ?? "").PadRight(255, '\0')));
        Word(bytes, target.Segments.Sum(s => 8 + s.Data.Length));
        Word(bytes, target.Segments.Count);
        if (bytes.Length != TargetSize)
        {
            throw new InvalidOperationException($"A target's header has {bytes.Length} bytes.");
        }

        foreach (var segment in target.Segments)
        {
            Word(bytes, (int)segment.Address);
            Word(bytes, segment.Data.Length);
            bytes.Write(segment.Data.Span);
        }

        return bytes.ToArray();
    }

    private static void Word(Stream stream, int value) => stream.Write(BitConverter.GetBytes(value));

    /// <summary>dwCRC of all bytes before it: bit by bit, unlike what reads it.</summary>
    public static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var sum = uint.MaxValue;
        foreach (var b in bytes)
        {
            sum ^= b;
            for (var bit = 0; bit < 8; bit++)
            {
                sum = sum % 2 == 0 ? sum >> 1 : (sum >> 1) ^ 0xEDB8_8320;
            }
        }

        return sum;
    }
}
