using System.Buffers;
using System.Buffers.Binary;
using UploadHelper.Core.Errors;

namespace UploadHelper.Core.Firmware.Formats;

/// <summary>Reads Motorola S-records (M68000 Family Programmer's Reference Manual, appendix C).</summary>
internal static class SRecordReader
{
    /// <summary>Reads the segments of a file, RAM included.</summary>
    /// <exception cref="UploadException">The file is broken; its line is named.</exception>
    public static IReadOnlyList<Segment> Read(ImageFile file)
    {
        var trouble = new FileTrouble(file.Name, "a Motorola S-record file", isText: true);
        var builder = new SegmentBuilder(trouble);
        var count = 0u;
        var (last, ended) = (1, false);
        foreach (var (line, text) in TextLines.Of(file.Content))
        {
            if (ended)
            {
                throw trouble.At(line, $"the end record stands in line {last}, and nothing may follow it");
            }

            last = line;
            var (type, address, data) = Record(text.Span, trouble, line);
            switch (type)
            {
                case '1' or '2' or '3':
                    builder.Add(address, data, line);
                    count++;
                    break;
                case '5' or '6' when address != count:
                    throw trouble.At(line, $"it counts {address} data records, and {count} stand before it");
                case '7' or '8' or '9':
                    ended = true;
                    break;
            }
        }

        return ended ? builder.Build() : throw trouble.At(last, "the file ends here, without its end record (S7, S8 or S9)");
    }

    private static (char Type, uint Address, ReadOnlyMemory<byte> Data) Record(ReadOnlySpan<byte> text, FileTrouble trouble, int line)
    {
        if (text[0] != 'S')
        {
            throw trouble.At(line, $"it begins with {HexText.Printable(text[0])}, and should begin with 'S'");
        }

        if (text.Length < 2)
        {
            throw trouble.At(line, "it ends behind 'S', and should go on with its type");
        }

        var type = (char)text[1];
        var addressSize = AddressSize(type) ?? throw trouble.At(line, $"its type is {HexText.Printable(text[1])}, and should be one of 0 to 3 and 5 to 9");
        var record = HexText.Read(text[2..], trouble, line);
        var smallest = 1 + addressSize + 1;
        if (record.Length < smallest)
        {
            throw trouble.At(line, $"it has {record.Length} bytes, and a record of type S{type} has at least {smallest}");
        }

        if (record[0] != record.Length - 1)
        {
            throw trouble.At(line, $"it says that {record[0]} bytes follow, and {record.Length - 1} do");
        }

        var expected = (byte)~HexText.Sum(record.AsSpan(..^1));
        if (record[^1] != expected)
        {
            throw trouble.At(line, $"the checksum is 0x{record[^1]:X2}, and should be 0x{expected:X2}");
        }

        var data = record.AsMemory((1 + addressSize)..^1);
        if (type >= '5' && !data.IsEmpty)
        {
            throw trouble.At(line, $"a record of type S{type} has no data, and this one has some");
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

/// <summary>Bytes written as pairs of hexadecimal digits.</summary>
internal static class HexText
{
    /// <summary>Reads the digits of a line.</summary>
    /// <param name="digits">The digits; any case.</param>
    /// <param name="trouble">Names what is wrong.</param>
    /// <param name="line">The number of the line.</param>
    public static byte[] Read(ReadOnlySpan<byte> digits, FileTrouble trouble, int line)
    {
        foreach (var digit in digits)
        {
            if (!char.IsAsciiHexDigit((char)digit))
            {
                throw trouble.At(line, $"{Printable(digit)} is no hexadecimal digit");
            }
        }

        if (digits.Length % 2 != 0)
        {
            throw trouble.At(line, $"it has {digits.Length} hexadecimal digits, and should have an even number");
        }

        var bytes = new byte[digits.Length / 2];
        var status = Convert.FromHexString(digits, bytes, out _, out _);
        return status == OperationStatus.Done ? bytes : throw new InvalidOperationException("Digits were checked.");
    }

    /// <summary>The sum of bytes, as checksums begin.</summary>
    public static int Sum(ReadOnlySpan<byte> bytes)
    {
        var sum = 0;
        foreach (var b in bytes)
        {
            sum += b;
        }

        return sum;
    }

    /// <summary>A character of a file, fit to be shown.</summary>
    public static string Printable(byte c) => c is >= (byte)' ' and <= (byte)'~' ? $"'{(char)c}'" : $"0x{c:X2}";
}

/// <summary>The lines of a text file, ended by CR, LF or both.</summary>
internal static class TextLines
{
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>A text without the mark that some editors put before it.</summary>
    public static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> text) =>
        text.StartsWith(ByteOrderMark) ? text[ByteOrderMark.Length..] : text;

    /// <summary>
    /// The lines that are not blank, with their numbers from 1 and without spaces around them. NULs and Ctrl-Z behind
    /// the text, as files from old tools and dumps have them, do not count.
    /// </summary>
    public static IEnumerable<(int Number, ReadOnlyMemory<byte> Text)> Of(ReadOnlyMemory<byte> content)
    {
        var rest = content[(content.Length - WithoutMark(content.Span).Length)..].TrimEnd(" \t\r\n\0\u001A"u8);
        for (var number = 1; !rest.IsEmpty; number++)
        {
            var end = rest.Span.IndexOfAny((byte)'\r', (byte)'\n');
            var line = (end < 0 ? rest : rest[..end]).Trim(" \t"u8);
            if (!line.IsEmpty)
            {
                yield return (number, line);
            }

            rest = end < 0 ? default : rest[(end + (rest.Span[end..].StartsWith("\r\n"u8) ? 2 : 1))..];
        }
    }
}
