using System.Buffers.Binary;

namespace UploadHelper.Core.Firmware.Formats;

/// <summary>Reads Motorola S-records (M68000 Family Programmer's Reference Manual, appendix C).</summary>
internal static class SRecordReader
{
    /// <summary>Reads the segments of a file, RAM included.</summary>
    /// <exception cref="Uploading.UploadException">The file is broken; its line is named.</exception>
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
