using UploadHelper.Core.Dfu.DfuSe;
using UploadHelper.Core.Firmware;

namespace UploadHelper.Core.Flashing;

/// <summary>Makes runs that a device can program out of the segments of one memory.</summary>
internal static class Runs
{
    // The largest unit that any STM32 programs at once: the flash word of the H7 (AN2606: a shorter write is filled up
    // from the one before). Smaller ones (8 bytes on the L4) divide it, and programming the erased value costs little.
    private const uint Unit = 32;

    /// <summary>
    /// Fills segments up to whole units with the erased value, and joins those that are apart by less than a block: a
    /// run of its own costs more than the bytes between. Only erased sectors are filled.
    /// </summary>
    /// <param name="segments">Ascending, all in the map.</param>
    /// <param name="map">The memory.</param>
    /// <param name="transferSize">The bootloader's wTransferSize, in bytes.</param>
    /// <param name="erased">What an erased byte reads as.</param>
    public static IReadOnlyList<Segment> Of(IEnumerable<Segment> segments, MemoryMap map, int transferSize, byte erased)
    {
        var runs = new List<Segment>();
        var group = new List<Segment>();
        foreach (var segment in segments)
        {
            if (group.Count > 0 && !Joins(group[^1], segment, map, transferSize))
            {
                runs.Add(Fill(group, erased));
                group.Clear();
            }

            group.Add(segment);
        }

        runs.Add(Fill(group, erased));
        return runs;
    }

    private static bool Joins(Segment before, Segment after, MemoryMap map, int transferSize) =>
        Down(after.Address) <= Up(before.End)
        || (after.Address - before.End < transferSize
            && map.SectorAt(before.End - 1)!.Value.End >= map.SectorAt(after.Address)!.Value.Address);

    private static Segment Fill(List<Segment> group, byte erased)
    {
        var start = Down(group[0].Address);
        var data = new byte[Up(group[^1].End) - start];
        data.AsSpan().Fill(erased);
        foreach (var segment in group)
        {
            segment.Data.CopyTo(data.AsMemory((int)(segment.Address - start)));
        }

        return new Segment(start, data);
    }

    private static uint Down(uint address) => address / Unit * Unit;

    private static long Up(long end) => (end + Unit - 1) / Unit * Unit;
}
