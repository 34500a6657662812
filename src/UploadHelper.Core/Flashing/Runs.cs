using UploadHelper.Core.Dfu.DfuSe;
using UploadHelper.Core.Firmware;

namespace UploadHelper.Core.Flashing;

/// <summary>Makes runs that a device can program out of the segments of one memory.</summary>
internal static class Runs
{
    /// <summary>
    /// Fills segments up to whole units with the erased value, and joins those that are apart by less than a block: a
    /// run of its own costs more than the bytes between. Only erased sectors are filled. (A device fills a shorter unit with
    /// whatever stands in its buffer, AN2606.)
    /// </summary>
    /// <param name="segments">Ascending, all in the map.</param>
    /// <param name="map">The memory.</param>
    /// <param name="transferSize">The bootloader's wTransferSize, in bytes.</param>
    /// <param name="unit">Bytes that the device programs at once; divides every sector.</param>
    /// <param name="erased">What an erased byte reads as.</param>
    public static IReadOnlyList<Segment> Of(IEnumerable<Segment> segments, MemoryMap map, int transferSize, int unit, byte erased)
    {
        var runs = new List<Segment>();
        var group = new List<Segment>();
        foreach (var segment in segments)
        {
            if (group.Count > 0 && !Joins(group[^1], segment, map, transferSize, unit))
            {
                runs.Add(Fill(group, unit, erased));
                group.Clear();
            }

            group.Add(segment);
        }

        runs.Add(Fill(group, unit, erased));
        return runs;
    }

    private static bool Joins(Segment before, Segment after, MemoryMap map, int transferSize, int unit) =>
        Down(after.Address, unit) <= Up(before.End, unit)
        || (after.Address - before.End < transferSize
            && map.SectorAt(before.End - 1)!.Value.End >= map.SectorAt(after.Address)!.Value.Address);

    private static Segment Fill(List<Segment> group, int unit, byte erased)
    {
        var start = Down(group[0].Address, unit);
        var data = new byte[Up(group[^1].End, unit) - start];
        data.AsSpan().Fill(erased);
        foreach (var segment in group)
        {
            segment.Data.CopyTo(data.AsMemory((int)(segment.Address - start)));
        }

        return new Segment(start, data);
    }

    private static uint Down(uint address, int unit) => address - address % (uint)unit;

    private static long Up(long end, int unit) => (end + unit - 1) / unit * unit;
}
