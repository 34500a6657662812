using System.Buffers;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;

namespace UploadHelper.Core.Firmware.Formats;

/// <summary>Assembles the records of a file into segments: sorts them by address, joins adjacent ones, and allows overlaps if they agree.</summary>
/// <param name="errors">Makes the error messages.</param>
internal sealed class SegmentBuilder(FileErrors errors)
{
    private readonly List<Record> _records = [];

    /// <summary>Adds a record.</summary>
    /// <param name="address">Address of its first byte.</param>
    /// <param name="data">Its bytes; may be empty.</param>
    /// <param name="position">Where it is in the file, as for <see cref="FileErrors.At"/>.</param>
    /// <exception cref="UploadException">It extends beyond the 32-bit address space.</exception>
    public void Add(uint address, ReadOnlyMemory<byte> data, int position)
    {
        if (address + (long)data.Length > 1L << 32)
        {
            throw errors.At(position, $"the {data.Length} bytes at 0x{address:X8} extend beyond the 32-bit address space");
        }

        if (!data.IsEmpty)
        {
            _records.Add(new Record(new Segment(address, data), position));
        }
    }

    /// <summary>The segments: ascending, with a gap of at least one byte between two.</summary>
    /// <exception cref="UploadException">Two records give different values for the same byte.</exception>
    public IReadOnlyList<Segment> Build()
    {
        var segments = new List<Segment>();
        var run = new ArrayBufferWriter<byte>();
        uint start = 0;
        foreach (var segment in _records.Select(r => r.Segment).OrderBy(s => s.Address))
        {
            if (segment.Address > start + (long)run.WrittenCount)
            {
                Close(segments, start, run);
            }

            if (run.WrittenCount == 0)
            {
                start = segment.Address;
            }

            var covered = (int)Math.Min(start + run.WrittenCount - segment.Address, segment.Data.Length);
            var same = run.WrittenSpan[(int)(segment.Address - start)..].CommonPrefixLength(segment.Data.Span[..covered]);
            if (same < covered)
            {
                throw Contradiction(segment.Address + (uint)same);
            }

            run.Write(segment.Data.Span[covered..]);
        }

        Close(segments, start, run);
        return segments;
    }

    private static void Close(List<Segment> segments, uint start, ArrayBufferWriter<byte> run)
    {
        if (run.WrittenCount > 0)
        {
            segments.Add(new Segment(start, run.WrittenSpan.ToArray()));
            run.ResetWrittenCount();
        }
    }

    private Exception Contradiction(uint address)
    {
        var covering = _records.Where(r => r.Segment.Address <= address && address < r.Segment.End).ToList();
        var first = covering[0];
        var other = covering.First(r => r.ByteAt(address) != first.ByteAt(address));
        return errors.At(
            other.Position,
            $"the byte at 0x{address:X8} is 0x{other.ByteAt(address):X2} here, but 0x{first.ByteAt(address):X2} at {errors.Position(first.Position)}");
    }

    private readonly record struct Record(Segment Segment, int Position)
    {
        public byte ByteAt(uint address) => Segment.Data.Span[(int)(address - Segment.Address)];
    }
}

/// <summary>The content of a file that carries addresses.</summary>
/// <param name="Targets">The data for each memory; none is empty.</param>
/// <param name="LeftOut">What lies entirely in RAM or registers.</param>
internal sealed record FileParts(IReadOnlyList<ImageTarget> Targets, IReadOnlyList<LeftOutSegment> LeftOut)
{
    /// <summary>The processor that the file names; null if its format names none.</summary>
    public Processor? Processor { get; init; }

    /// <summary>The parts of a file that does not name a memory.</summary>
    public static FileParts Of(IReadOnlyList<Segment> segments) => Of([new ImageTarget(null, null, segments)]);

    /// <summary>The parts of a file without section names.</summary>
    public static FileParts Of(IReadOnlyList<ImageTarget> targets) => new(
        [.. targets.Select(t => t with { Segments = [.. t.Segments.Where(s => !RamMap.IsVolatile(s.Address, s.End))] }).Where(t => t.Segments.Count > 0)],
        [.. targets.SelectMany(t => t.Segments).Where(s => RamMap.IsVolatile(s.Address, s.End)).Select(s => new LeftOutSegment(s.Address, s.Data.Length, null))]);
}

/// <summary>Makes the error messages about a file. Positions are lines in a text file, and bytes in any other.</summary>
/// <param name="name">The file's name.</param>
/// <param name="format">What the file should be, for example "Intel HEX file".</param>
/// <param name="isText">Whether it is a text file.</param>
internal sealed class FileErrors(string name, string format, bool isText)
{
    /// <summary>A position, for example "line 3" or "byte 0x1F".</summary>
    public string Position(int position) => isText ? $"line {position}" : $"byte 0x{position:X}";

    /// <summary>The error for a damaged file.</summary>
    /// <param name="position">Line, from 1; or offset from the start of the file, in bytes.</param>
    /// <param name="what">What is wrong there, and what was expected; without a full stop.</param>
    public UploadException At(int position, string what) => new(
        UploadError.ImageUnreadable,
        $"{name} is not a valid {format} ({Position(position)}): {what}.",
        "The file may have been truncated or edited. Compile the sketch again.");

    /// <summary>The error for a valid file that is not for an STM32.</summary>
    /// <param name="what">What it is instead; without a full stop.</param>
    /// <param name="needed">What an STM32 needs instead.</param>
    public UploadException Foreign(string what, string needed) => new(
        UploadError.ImageUnreadable,
        $"{name} is not a program for an STM32: {what}. An STM32 needs {needed}.",
        "Use the .elf, .bin or .hex file that was compiled for this board.");
}

/// <summary>The lines of a text file; a line ends with CR, LF or CR LF.</summary>
internal static class TextLines
{
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>A text without the byte order mark that some editors add.</summary>
    public static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> text) =>
        text.StartsWith(ByteOrderMark) ? text[ByteOrderMark.Length..] : text;

    /// <summary>
    /// The lines that are not blank, trimmed, with their numbers from 1. NULs and Ctrl-Z at the end of the text, which
    /// old tools and dumps write, are ignored.
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
