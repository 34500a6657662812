using System.Buffers;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;

namespace UploadHelper.Core.Firmware.Formats;

/// <summary>Puts the records of a file together: sorted by address, neighbours joined, doubles allowed if they agree.</summary>
/// <param name="trouble">Names records that contradict each other.</param>
internal sealed class SegmentBuilder(FileTrouble trouble)
{
    private readonly List<Record> _records = [];

    /// <summary>Adds a record.</summary>
    /// <param name="address">Address of its first byte.</param>
    /// <param name="data">Its bytes; may be empty.</param>
    /// <param name="position">Where it stands in the file.</param>
    /// <exception cref="UploadException">It reaches beyond the end of the address space.</exception>
    public void Add(uint address, ReadOnlyMemory<byte> data, int position)
    {
        if (address + (long)data.Length > 1L << 32)
        {
            throw trouble.At(position, $"its {data.Length} bytes at 0x{address:X8} reach beyond the end of the address space");
        }

        if (!data.IsEmpty)
        {
            _records.Add(new Record(new Segment(address, data), position));
        }
    }

    /// <summary>The segments: ascending, with at least a byte between two.</summary>
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
        return trouble.At(
            other.Position,
            $"the byte at 0x{address:X8} is 0x{other.ByteAt(address):X2}, and {trouble.Position(first.Position)} says 0x{first.ByteAt(address):X2}");
    }

    private readonly record struct Record(Segment Segment, int Position)
    {
        public byte ByteAt(uint address) => Segment.Data.Span[(int)(address - Segment.Address)];
    }
}

/// <summary>What a file with addresses holds.</summary>
/// <param name="Targets">What belongs into which memory; none is empty.</param>
/// <param name="LeftOut">What lies wholly in RAM or in registers.</param>
internal sealed record FileParts(IReadOnlyList<ImageTarget> Targets, IReadOnlyList<LeftOutSegment> LeftOut)
{
    /// <summary>The parts of a file that does not say which memory they are for.</summary>
    public static FileParts Of(IReadOnlyList<Segment> segments) => Of([new ImageTarget(null, null, segments)]);

    /// <summary>The parts of a file that knows no names of sections.</summary>
    public static FileParts Of(IReadOnlyList<ImageTarget> targets) => new(
        [.. targets.Select(t => t with { Segments = [.. t.Segments.Where(s => !RamMap.IsVolatile(s.Address, s.End))] }).Where(t => t.Segments.Count > 0)],
        [.. targets.SelectMany(t => t.Segments).Where(s => RamMap.IsVolatile(s.Address, s.End)).Select(s => new LeftOutSegment(s.Address, s.Data.Length, null))]);
}

/// <summary>Words for what is wrong with a file, and where: at a line of a text, at a byte of anything else.</summary>
/// <param name="name">The file's name.</param>
/// <param name="format">What the file is, with its article, for example "an Intel HEX file".</param>
/// <param name="isText">Whether positions are lines.</param>
internal sealed class FileTrouble(string name, string format, bool isText)
{
    /// <summary>A position in words.</summary>
    public string Position(int position) => isText ? $"line {position}" : $"byte 0x{position:X}";

    /// <summary>The failure that names a position and what is wrong there.</summary>
    /// <param name="position">Line, from 1; or offset from the start of the file, in bytes.</param>
    /// <param name="what">What is wrong, and what was expected; without a full stop.</param>
    public UploadException At(int position, string what) => new(
        UploadError.ImageUnreadable,
        $"{name} is {format}, and broken at {Position(position)}: {what}.",
        "Was the file cut short, edited or joined from two? Compile the sketch again.");

    /// <summary>The failure of a sound file that is not for an STM32.</summary>
    /// <param name="what">What it is.</param>
    /// <param name="wanted">What an STM32 needs instead.</param>
    public UploadException Foreign(string what, string wanted) => new(
        UploadError.ImageUnreadable,
        $"{name} is {format}, but not for an STM32: {what}. An STM32 needs {wanted}.",
        "Is this the file that was compiled for the board? Give the sketch's own .elf, .bin or .hex.");
}
