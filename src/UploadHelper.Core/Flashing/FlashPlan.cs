using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Firmware;

namespace UploadHelper.Core.Flashing;

/// <summary>What an upload erases and writes. It touches nothing else.</summary>
/// <param name="Memories">The plan for each memory, the one with the vector table first; none if everything is already on the board.</param>
/// <param name="VectorBlock">The block of the first memory that begins with the vector table, written last; null if the image has none, or if it cannot be written last.</param>
public sealed record FlashPlan(IReadOnlyList<MemoryPlan> Memories, Segment? VectorBlock)
{
    /// <summary>All sectors, in the order in which they are erased.</summary>
    public IEnumerable<Sector> Sectors => Memories.SelectMany(m => m.Sectors);

    /// <summary>Number of bytes that will be written before the vector table's block, padding included.</summary>
    public int BytesBeforeVectors => Memories.Sum(m => m.Runs.Sum(r => r.Data.Length));

    /// <summary>Number of bytes that will be written, padding included.</summary>
    public int BytesToWrite => BytesBeforeVectors + (VectorBlock?.Data.Length ?? 0);

    /// <summary>Number of bytes that will be erased.</summary>
    public long BytesToErase => Sectors.Sum(s => (long)s.Size);

    /// <summary>The plan without sectors that are already done; those of the vector table are always kept.</summary>
    /// <param name="isDone">Whether a sector is done.</param>
    public FlashPlan Without(Func<DfuMemory, Sector, bool> isDone) =>
        this with { Memories = [.. Memories.Select(m => m.Only([.. m.Sectors.Where(s => HoldsVectors(m, s) || !isDone(m.Memory, s))]))] };

    /// <summary>Whether a sector contains bytes of the vector table's block.</summary>
    /// <param name="memory">The memory that contains it.</param>
    /// <param name="sector">The sector.</param>
    public bool HoldsVectors(MemoryPlan memory, Sector sector) =>
        memory == Memories[0] && VectorBlock is { } block && sector.Address < block.End && sector.End > block.Address;

    /// <summary>Number of image bytes outside the sectors of the plan: they are already on the board.</summary>
    public int Unchanged(FirmwareImage image) =>
        (int)image.Segments.Sum(i => i.Data.Length - Sectors.Sum(s => Math.Max(0, Math.Min(i.End, s.End) - Math.Max(i.Address, s.Address))));
}

/// <summary>What will be erased and written in one memory.</summary>
/// <param name="Memory">The memory.</param>
/// <param name="Sectors">The sectors to erase, ascending. An image begins with its vector table, so the sector of the table is the first.</param>
/// <param name="Runs">What to write, padded for the device and ascending; without the vector table's block.</param>
public sealed record MemoryPlan(DfuMemory Memory, IReadOnlyList<Sector> Sectors, IReadOnlyList<Segment> Runs)
{
    /// <summary>The part of the plan for some of its sectors.</summary>
    /// <param name="sectors">The sectors; ascending.</param>
    public MemoryPlan Only(IReadOnlyList<Sector> sectors) => this with { Sectors = sectors, Runs = [.. Runs.SelectMany(r => Within(r, sectors))] };

    /// <summary>The parts of a run that lie in the given sectors, joined where these are adjacent.</summary>
    internal static IEnumerable<Segment> Within(Segment run, IReadOnlyList<Sector> sectors)
    {
        for (var i = 0; i < sectors.Count;)
        {
            var start = Math.Max(run.Address, sectors[i].Address);
            var end = sectors[i].End;
            for (i++; i < sectors.Count && sectors[i].Address == end; i++)
            {
                end = sectors[i].End;
            }

            end = Math.Min(run.End, end);
            if (start < end)
            {
                yield return new Segment(start, run.Data[(int)(start - run.Address)..(int)(end - run.Address)]);
            }
        }
    }
}
