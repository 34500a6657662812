using System.Buffers.Binary;

namespace UploadHelper.Core.Firmware;

/// <summary>Writes Intel HEX with linear addresses, in the shape that objcopy gives it: 16 bytes a record.</summary>
public static class IntelHexWriter
{
    private const int RecordSize = 16;
    private const byte Data = 0;
    private const byte End = 1;
    private const byte ExtendedLinearAddress = 4;

    /// <summary>Writes segments, and the end record.</summary>
    /// <param name="text">Where to.</param>
    /// <param name="segments">The segments; ascending.</param>
    public static void Write(TextWriter text, IEnumerable<Segment> segments)
    {
        Span<byte> page = stackalloc byte[2];
        uint upper = 0;
        foreach (var segment in segments)
        {
            for (var at = 0; at < segment.Data.Length;)
            {
                var address = segment.Address + (uint)at;
                if (address >> 16 != upper)
                {
                    upper = address >> 16;
                    BinaryPrimitives.WriteUInt16BigEndian(page, (ushort)upper);
                    Record(text, 0, ExtendedLinearAddress, page);
                }

                // A record stays within its 64 KiB.
                var size = Math.Min(Math.Min(RecordSize, segment.Data.Length - at), 0x1_0000 - (ushort)address);
                Record(text, (ushort)address, Data, segment.Data.Span.Slice(at, size));
                at += size;
            }
        }

        Record(text, 0, End, []);
    }

    private static void Record(TextWriter text, ushort offset, byte type, ReadOnlySpan<byte> data)
    {
        Span<byte> record = stackalloc byte[4 + data.Length + 1];
        record[0] = (byte)data.Length;
        BinaryPrimitives.WriteUInt16BigEndian(record[1..], offset);
        record[3] = type;
        data.CopyTo(record[4..]);
        var sum = 0;
        foreach (var b in record[..^1])
        {
            sum += b;
        }

        record[^1] = (byte)-sum;
        text.Write(':');
        text.Write(Convert.ToHexString(record));
        text.Write("\r\n");
    }
}
