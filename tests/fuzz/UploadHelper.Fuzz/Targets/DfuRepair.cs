using System.Buffers.Binary;

namespace UploadHelper.Fuzz.Targets;

/// <summary>Puts a suffix with the right checksum at the end of a .dfu file, and its size into its prefix.</summary>
internal static class DfuRepair
{
    private const int SuffixSize = 16;

    public static void Suffix(byte[] file)
    {
        if (file.Length < SuffixSize + 11)
        {
            return;
        }

        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(6), file.Length - SuffixSize);
        "UFD"u8.CopyTo(file.AsSpan(file.Length - 8));
        file[^5] = SuffixSize;
        BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(file.Length - 4), Checksum(file.AsSpan(0, file.Length - 4)));
    }

    // USB DFU 1.1, appendix B.
    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var sum = uint.MaxValue;
        foreach (var b in bytes)
        {
            sum ^= b;
            for (var bit = 0; bit < 8; bit++)
            {
                sum = (sum >> 1) ^ ((sum & 1) * 0xEDB8_8320);
            }
        }

        return sum;
    }
}
