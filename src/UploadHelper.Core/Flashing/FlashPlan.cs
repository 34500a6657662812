using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Firmware;

namespace UploadHelper.Core.Flashing;

/// <summary>What will be erased and written, and nothing else.</summary>
/// <param name="Memories">What is done to each memory, that with the vector table first; none if all is on the board already.</param>
/// <param name="VectorBlock">The block of the first memory that begins with the vector table, written last; null for an image without one, and where it cannot be written last.</param>
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

    /// <summary>The same plan for a board on which some sectors are done already; the vector table's are never left out.</summary>
    /// <param name="isDone">Tells which.</param>
    public FlashPlan Without(Func<DfuMemory, Sector, bool> isDone) =>
        this with { Memories = [.. Memories.Select(m => m.Only([.. m.Sectors.Where(s => HoldsVectors(m, s) || !isDone(m.Memory, s))]))] };

    /// <summary>Whether a sector holds bytes of the vector table's block.</summary>
    /// <param name="memory">The memory that it is in.</param>
    /// <param name="sector">The sector.</param>
    public bool HoldsVectors(MemoryPlan memory, Sector sector) =>
        memory == Memories[0] && VectorBlock is { } block && sector.Address < block.End && sector.End > block.Address;

    /// <summary>How many bytes of the plan's image lie outside its sectors: they are on the board already.</summary>
    public int Unchanged(FirmwareImage image) =>
        (int)image.Segments.Sum(i => i.Data.Length - Sectors.Sum(s => Math.Max(0, Math.Min(i.End, s.End) - Math.Max(i.Address, s.Address))));
}

/// <summary>What will be erased and written in one memory.</summary>
/// <param name="Memory">The memory.</param>
/// <param name="Sectors">The sectors to erase, ascending; that of the vector table comes first by itself, since an image begins with it.</param>
/// <param name="Runs">What to write, padded for the device and ascending; without the vector table's block.</param>
public sealed record MemoryPlan(DfuMemory Memory, IReadOnlyList<Sector> Sectors, IReadOnlyList<Segment> Runs)
{
    /// <summary>What of it concerns some of its sectors.</summary>
    /// <param name="sectors">The sectors; ascending.</param>
    public MemoryPlan Only(IReadOnlyList<Sector> sectors) => this with { Sectors = sectors, Runs = [.. Runs.SelectMany(r => Within(r, sectors))] };

    /// <summary>The parts of a run that lie in some sectors, joined where these are neighbours.</summary>
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
