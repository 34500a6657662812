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
    /// <exception cref="UploadException">The file is damaged; the message gives the line.</exception>
    public static IReadOnlyList<Segment> Read(ImageFile file)
    {
        var errors = new FileErrors(file.Name, "Intel HEX file", isText: true);
        var builder = new SegmentBuilder(errors);
        uint upper = 0;
        var wraps = false;
        var (last, ended) = (1, false);
        foreach (var (line, text) in TextLines.Of(file.Content))
        {
            if (ended)
            {
                throw errors.At(line, $"there is data after the end record in line {last}");
            }

            last = line;
            var (type, offset, data) = Record(text.Span, errors, line);
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

        return ended ? builder.Build() : throw errors.At(last, "the file ends here without an end record (:00000001FF)");
    }

    private static (RecordType Type, ushort Offset, ReadOnlyMemory<byte> Data) Record(ReadOnlySpan<byte> text, FileErrors errors, int line)
    {
        if (text[0] != ':')
        {
            throw errors.At(line, $"the line begins with {HexText.Printable(text[0])} instead of ':'");
        }

        var record = HexText.Read(text[1..], errors, line);
        if (record.Length < Overhead)
        {
            throw errors.At(line, $"the record has {record.Length} bytes; the minimum is {Overhead}");
        }

        if (record[0] != record.Length - Overhead)
        {
            throw errors.At(line, $"the record declares {record[0]} data bytes but contains {record.Length - Overhead}");
        }

        var expected = (byte)-HexText.Sum(record.AsSpan(..^1));
        if (record[^1] != expected)
        {
            throw errors.At(line, $"the checksum is 0x{record[^1]:X2} but should be 0x{expected:X2}");
        }

        var type = (RecordType)record[3];
        if (DataSize(type, errors, line) is { } size && record[0] != size)
        {
            throw errors.At(line, $"a record of type {record[3]:X2} must have {size} data bytes, but this one has {record[0]}");
        }

        return (type, BinaryPrimitives.ReadUInt16BigEndian(record.AsSpan(1)), record.AsMemory(4..^1));
    }

    private static int? DataSize(RecordType type, FileErrors errors, int line) => type switch
    {
        RecordType.Data => null,
        RecordType.End => 0,
        RecordType.ExtendedSegmentAddress or RecordType.ExtendedLinearAddress => 2,
        RecordType.StartSegmentAddress or RecordType.StartLinearAddress => 4,
        _ => throw errors.At(line, $"unknown record type {(byte)type:X2} (expected 00 to 05)"),
    };
}

/// <summary>Writes Intel HEX with linear addresses and 16 bytes per record, as objcopy does.</summary>
public static class IntelHexWriter
{
    private const int RecordSize = 16;
    private const byte Data = 0;
    private const byte End = 1;
    private const byte ExtendedLinearAddress = 4;

    /// <summary>Writes segments, and the end record.</summary>
    /// <param name="text">The output.</param>
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

                // A record must not cross a 64 KiB boundary.
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
