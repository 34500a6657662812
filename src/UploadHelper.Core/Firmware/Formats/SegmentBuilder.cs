using System.Buffers;

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
    /// <exception cref="Uploading.UploadException">It reaches beyond the end of the address space.</exception>
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
