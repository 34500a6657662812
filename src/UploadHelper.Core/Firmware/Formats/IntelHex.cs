using System.Buffers.Binary;
using UploadHelper.Core.Errors;

namespace UploadHelper.Core.Firmware.Formats;

/// <summary>Reads Intel HEX (Intel, Hexadecimal Object File Format Specification, revision A, 1988).</summary>
internal static class IntelHexReader
{
    private const int Overhead = 5; // count, address (2), type, checksum
    private const int SegmentSize = 0x1_0000;

    private enum RecordType : byte
    {
        Data = 0,
        End = 1,
        ExtendedSegmentAddress = 2,
        StartSegmentAddress = 3,
        ExtendedLinearAddress = 4,
        StartLinearAddress = 5,
    }

    /// <summary>Reads the segments of a file, RAM included.</summary>
    /// <exception cref="UploadException">The file is broken; its line is named.</exception>
    public static IReadOnlyList<Segment> Read(ImageFile file)
    {
        var trouble = new FileTrouble(file.Name, "an Intel HEX file", isText: true);
        var builder = new SegmentBuilder(trouble);
        uint upper = 0;
        var wraps = false;
        var (last, ended) = (1, false);
        foreach (var (line, text) in TextLines.Of(file.Content))
        {
            if (ended)
            {
                throw trouble.At(line, $"the end record stands in line {last}, and nothing may follow it");
            }

            last = line;
            var (type, offset, data) = Record(text.Span, trouble, line);
            switch (type)
            {
                case RecordType.Data when wraps:
                    var before = Math.Min(data.Length, SegmentSize - offset);
                    builder.Add(upper + offset, data[..before], line);
                    builder.Add(upper, data[before..], line);
                    break;
                case RecordType.Data:
                    builder.Add(upper + offset, data, line);
                    break;
                case RecordType.ExtendedSegmentAddress:
                    (upper, wraps) = ((uint)BinaryPrimitives.ReadUInt16BigEndian(data.Span) << 4, true);
                    break;
                case RecordType.ExtendedLinearAddress:
                    (upper, wraps) = ((uint)BinaryPrimitives.ReadUInt16BigEndian(data.Span) << 16, false);
                    break;
                case RecordType.End:
                    ended = true;
                    break;
            }
        }

        return ended ? builder.Build() : throw trouble.At(last, "the file ends here, without its end record (:00000001FF)");
    }

    private static (RecordType Type, ushort Offset, ReadOnlyMemory<byte> Data) Record(ReadOnlySpan<byte> text, FileTrouble trouble, int line)
    {
        if (text[0] != ':')
        {
            throw trouble.At(line, $"it begins with {HexText.Printable(text[0])}, and should begin with ':'");
        }

        var record = HexText.Read(text[1..], trouble, line);
        if (record.Length < Overhead)
        {
            throw trouble.At(line, $"it has {record.Length} bytes, and a record has at least {Overhead}");
        }

        if (record[0] != record.Length - Overhead)
        {
            throw trouble.At(line, $"it says that it has {record[0]} bytes of data, and has {record.Length - Overhead}");
        }

        var expected = (byte)-HexText.Sum(record.AsSpan(..^1));
        if (record[^1] != expected)
        {
            throw trouble.At(line, $"the checksum is 0x{record[^1]:X2}, and should be 0x{expected:X2}");
        }

        var type = (RecordType)record[3];
        if (DataSize(type, trouble, line) is { } size && record[0] != size)
        {
            throw trouble.At(line, $"a record of type {record[3]:X2} has {size} bytes of data, and this one has {record[0]}");
        }

        return (type, BinaryPrimitives.ReadUInt16BigEndian(record.AsSpan(1)), record.AsMemory(4..^1));
    }

    private static int? DataSize(RecordType type, FileTrouble trouble, int line) => type switch
    {
        RecordType.Data => null,
        RecordType.End => 0,
        RecordType.ExtendedSegmentAddress or RecordType.ExtendedLinearAddress => 2,
        RecordType.StartSegmentAddress or RecordType.StartLinearAddress => 4,
        _ => throw trouble.At(line, $"its type is {(byte)type:X2}, and should be one of 00 to 05"),
    };
}

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
