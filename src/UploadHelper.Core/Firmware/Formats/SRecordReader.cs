using System.Buffers;
using System.Buffers.Binary;
using UploadHelper.Core.Errors;

namespace UploadHelper.Core.Firmware.Formats;

/// <summary>Reads Motorola S-records (M68000 Family Programmer's Reference Manual, appendix C).</summary>
internal static class SRecordReader
{
    /// <summary>Reads the segments of a file, RAM included.</summary>
    /// <exception cref="UploadException">The file is damaged; the message gives the line.</exception>
    public static IReadOnlyList<Segment> Read(ImageFile file)
    {
        var errors = new FileErrors(file.Name, "Motorola S-record file", isText: true);
        var builder = new SegmentBuilder(errors);
        var count = 0u;
        var (last, ended) = (1, false);
        foreach (var (line, text) in TextLines.Of(file.Content))
        {
            if (ended)
            {
                throw errors.At(line, $"there is data after the end record in line {last}");
            }

            last = line;
            var (type, address, data) = Record(text.Span, errors, line);
            switch (type)
            {
                case '1' or '2' or '3':
                    builder.Add(address, data, line);
                    count++;
                    break;
                case '5' or '6' when address != count:
                    throw errors.At(line, $"the count record says {address}, but the number of data records before it is {count}");
                case '7' or '8' or '9':
                    ended = true;
                    break;
            }
        }

        return ended ? builder.Build() : throw errors.At(last, "the file ends here without an end record (S7, S8 or S9)");
    }

    private static (char Type, uint Address, ReadOnlyMemory<byte> Data) Record(ReadOnlySpan<byte> text, FileErrors errors, int line)
    {
        if (text[0] != 'S')
        {
            throw errors.At(line, $"the line begins with {HexText.Printable(text[0])} instead of 'S'");
        }

        if (text.Length < 2)
        {
            throw errors.At(line, "the record type after 'S' is missing");
        }

        var type = (char)text[1];
        var addressSize = AddressSize(type) ?? throw errors.At(line, $"unknown record type {HexText.Printable(text[1])} (expected 0 to 3 or 5 to 9)");
        var record = HexText.Read(text[2..], errors, line);
        var smallest = 1 + addressSize + 1;
        if (record.Length < smallest)
        {
            throw errors.At(line, $"the record has {record.Length} bytes; the minimum for type S{type} is {smallest}");
        }

        if (record[0] != record.Length - 1)
        {
            throw errors.At(line, $"the record declares {record[0]} bytes but contains {record.Length - 1}");
        }

        var expected = (byte)~HexText.Sum(record.AsSpan(..^1));
        if (record[^1] != expected)
        {
            throw errors.At(line, $"the checksum is 0x{record[^1]:X2} but should be 0x{expected:X2}");
        }

        var data = record.AsMemory((1 + addressSize)..^1);
        if (type >= '5' && !data.IsEmpty)
        {
            throw errors.At(line, $"a record of type S{type} must not contain data");
        }

        return (type, Number(record.AsSpan(1, addressSize)), data);
    }

    private static int? AddressSize(char type) => type switch
    {
        '0' or '1' or '5' or '9' => 2,
        '2' or '6' or '8' => 3,
        '3' or '7' => 4,
        _ => null, // S4 is reserved
    };

    private static uint Number(ReadOnlySpan<byte> bigEndian)
    {
        Span<byte> word = stackalloc byte[sizeof(uint)];
        word.Clear();
        bigEndian.CopyTo(word[(sizeof(uint) - bigEndian.Length)..]);
        return BinaryPrimitives.ReadUInt32BigEndian(word);
    }
}

/// <summary>Reads bytes that are written as pairs of hexadecimal digits.</summary>
internal static class HexText
{
    /// <summary>Reads the digits of a line.</summary>
    /// <param name="digits">The digits; upper or lower case.</param>
    /// <param name="errors">Makes the error messages.</param>
    /// <param name="line">The line number, from 1.</param>
    public static byte[] Read(ReadOnlySpan<byte> digits, FileErrors errors, int line)
    {
        foreach (var digit in digits)
        {
            if (!char.IsAsciiHexDigit((char)digit))
            {
                throw errors.At(line, $"{Printable(digit)} is not a hexadecimal digit");
            }
        }

        if (digits.Length % 2 != 0)
        {
            throw errors.At(line, $"the line has an odd number of hexadecimal digits ({digits.Length})");
        }

        var bytes = new byte[digits.Length / 2];
        var status = Convert.FromHexString(digits, bytes, out _, out _);
        return status == OperationStatus.Done ? bytes : throw new InvalidOperationException("Digits were checked.");
    }

    /// <summary>The sum of all bytes, from which both formats compute their checksum.</summary>
    public static int Sum(ReadOnlySpan<byte> bytes)
    {
        var sum = 0;
        foreach (var b in bytes)
        {
            sum += b;
        }

        return sum;
    }

    /// <summary>A character of a file, in a form that is safe to print.</summary>
    public static string Printable(byte c) => c is >= (byte)' ' and <= (byte)'~' ? $"'{(char)c}'" : $"0x{c:X2}";
}
