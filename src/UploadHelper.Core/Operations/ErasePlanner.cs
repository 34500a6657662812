using UploadHelper.Core.Dfu;
using UploadHelper.Core.Dfu.DfuSe;
using UploadHelper.Core.Uploading;

namespace UploadHelper.Core.Operations;

/// <summary>Settles what is to be erased, or refuses: never read-only sectors, option bytes, or what a bootloader would erase wrongly.</summary>
/// <param name="memories">The memories of the board.</param>
/// <param name="quirks">What is known of its bootloader.</param>
/// <param name="alternate">The alternate setting that the user wants, or null for the one that holds the address.</param>
public sealed class ErasePlanner(IReadOnlyList<DfuMemory> memories, DfuQuirks quirks, byte? alternate)
{
    private readonly SketchArea _sketches = new(memories, quirks, alternate);

    /// <summary>Plans an erase.</summary>
    /// <param name="address">Where it begins, at a sector's start; null for the first sector that a sketch may be put into.</param>
    /// <param name="length">How many bytes, whole sectors; null for as far as a sketch may reach.</param>
    /// <exception cref="UploadException">
    /// <see cref="UploadError.NotInMemory"/>, <see cref="UploadError.NotASectorStart"/> or <see cref="UploadError.NotWritable"/>.
    /// </exception>
    public ErasePlan Plan(uint? address, long? length)
    {
        var range = new MemoryRanges(memories, alternate).From(address ?? _sketches.Start, length);
        if (range.Memory.FixedStart is { } start && range.Address != start)
        {
            throw Elsewhere(range.Memory, start);
        }

        var sectors = new List<Sector>();
        for (long at = range.Address; at < range.End; at = sectors[^1].End)
        {
            var sector = range.Memory.Map.SectorAt(at)!.Value;
            if (_sketches.WhyNot(range.Memory, sector) is { } why)
            {
                // A sketch reaches up to there; who names more than that is refused.
                if (length is null && sectors.Count > 0)
                {
                    break;
                }

                throw Refused(range.Memory, sector, why);
            }

            sectors.Add(sector);
        }

        return length is null || sectors[^1].End == range.End
            ? new ErasePlan(range.Memory, sectors)
            : throw Inside(range, sectors[^1]);
    }

    private UploadException Refused(DfuMemory memory, Sector sector, string why) => new(
        UploadError.NotWritable,
        $"The sector at 0x{sector.Address:X8} to 0x{sector.End - 1:X8} {why}. {DeviceTrouble.Unchanged} The board says: {memory.Map}",
        $"On this board a sketch can begin at 0x{_sketches.Start:X8}; without an address, its whole area is erased.");

    private static UploadException Elsewhere(DfuMemory memory, uint start) => new(
        UploadError.NotWritable,
        $"Through alternate setting {memory.Alternate.Setting} this bootloader erases only from 0x{start:X8} on (\"{memory.Alternate.Name}\"). {DeviceTrouble.Unchanged}",
        $"Give 0x{start:X8}, or leave the address out.");

    private static UploadException Inside(MemoryRange range, Sector last) => new(
        UploadError.NotASectorStart,
        $"{range.Length} bytes from 0x{range.Address:X8} end inside the sector at 0x{last.Address:X8} to 0x{last.End - 1:X8}, which can only be erased as a whole. "
            + $"{DeviceTrouble.Unchanged} The board says: {range.Memory.Map}",
        (last.Address > range.Address ? $"Give 0x{last.Address - range.Address:X} to leave that sector out, or " : "Give ")
            + $"0x{last.End - range.Address:X} to erase it too.");
}
