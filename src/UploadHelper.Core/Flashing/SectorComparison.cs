using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Protocols;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Flashing;

/// <summary>
/// Reduces a plan to what is not on the board yet. Each sector is read back up to its first difference, as long as that can save a
/// write; every byte is compared, since a checksum misses changes that cancel each other out. Where sectors are small, many in a row that
/// differ show another program, of which nothing more is read.
/// </summary>
/// <param name="select">Selects a memory, and returns the bootloader in dfuIDLE.</param>
/// <param name="erased">What an erased byte reads as.</param>
/// <param name="progress">Called with the phase, the number of bytes done, and their total.</param>
public sealed class SectorComparison(Func<DfuMemory, IBootloader> select, byte erased, Action<FlashPhase, long, long> progress)
{
    // A look at a small sector costs one block: 5 to 10 ms. To write it costs at least 43 (STM32L4: 22 to erase it and 21 to program it;
    // STM32F1: 47). So a look pays as long as more than one sector in five is the same. Where code has moved, all that follows it differs:
    // after 8 in a row, the next is the same one time in ten (rule of succession). A sector of 16 KiB takes 265 ms: there a look always pays.
    private const int DifferentInARow = 8;
    private const int LargestSmallSector = 8 * 1024;

    /// <summary>
    /// Whether nothing is read after an erased vector table: an interrupted upload may have left words on which the board
    /// hangs (<see cref="BootloaderInfo.HangsOnCutWords"/>).
    /// </summary>
    public bool StopsAtErasedVectors { get; init; }

    /// <summary>Compares; writes nothing.</summary>
    /// <param name="plan">The plan for an empty board.</param>
    /// <returns>
    /// The plan for this board; the whole plan if the board cannot be read. If anything differs, it includes the sectors of the
    /// vector table: they are erased first and written last, so that a half-written sketch is not started.
    /// </returns>
    /// <exception cref="UsbException">A transfer failed.</exception>
    public FlashPlan Reduce(FlashPlan plan)
    {
        var compared = new Progress(FlashPhase.Compare, plan.BytesToWrite, progress);
        var memories = new List<(MemoryPlan Plan, List<Segment> Wanted, HashSet<Sector> Different, bool InOrder)>();
        foreach (var memory in plan.Memories)
        {
            var bootloader = select(memory.Memory);
            var wanted = Wanted(plan, memory);
            if (!bootloader.CanRead || (StopsAtErasedVectors && HasErasedVectors(bootloader, plan, memory)) || DifferentSectors(bootloader, memory, wanted, compared) is not { } different)
            {
                return plan;
            }

            memories.Add((memory, wanted, different, bootloader.IsSequential));
        }

        return memories.All(m => m.Different.Count == 0)
            ? new FlashPlan([], null)
            : plan with { Memories = [.. memories.Select(m => Only(plan, m.Plan, m.Wanted, m.Different, m.InOrder)).Where(m => m.Sectors.Count > 0)] };
    }

    // Null if the board does not allow reading.
    private static HashSet<Sector>? DifferentSectors(IBootloader bootloader, MemoryPlan memory, List<Segment> wanted, Progress compared)
    {
        var map = memory.Memory.Map;
        var different = new HashSet<Sector>();
        var inARow = 0;
        try
        {
            // One that writes only upwards from its base has to write everything before the last difference again: if the last
            // sector differs, it makes no sense to look for a difference before it.
            var (before, last) = bootloader.IsSequential ? SplitLastSector(map, wanted) : (wanted, []);
            Read(last);
            if (different.Count == 0)
            {
                Read(before);
            }
            else
            {
                compared.Add(before.Sum(r => r.Data.Length));
            }

            return different;
        }
        catch (Exception e) when (BootloaderReading.IsRefusal(e))
        {
            return null;
        }

        void Read(IEnumerable<Segment> runs)
        {
            foreach (var run in runs)
            {
                long at = run.Address;
                if (inARow >= DifferentInARow)
                {
                    compared.Add(run.Data.Length);
                    continue;
                }

                bootloader.Read(run.Address, run.Data.Length, (address, found) =>
                {
                    var end = Math.Min(run.End, Compare(map, run, address, found.Span, different));
                    inARow = map.SectorAt(end - 1)!.Value is { Size: <= LargestSmallSector } last && different.Contains(last) ? inARow + 1 : 0;
                    if (inARow >= DifferentInARow)
                    {
                        different.UnionWith(memory.Sectors.Where(s => s.Address >= end));
                        end = run.End;
                    }

                    compared.Add((int)(end - at));
                    return at = end;
                });
            }
        }
    }

    private static (IReadOnlyList<Segment> Before, IReadOnlyList<Segment> Last) SplitLastSector(MemoryMap map, List<Segment> wanted)
    {
        var run = wanted[^1];
        var start = map.SectorAt(run.End - 1)!.Value.Address;
        if (start <= run.Address)
        {
            return (wanted[..^1], [run]);
        }

        var length = (int)(start - run.Address);
        return ([.. wanted[..^1], run with { Data = run.Data[..length] }], [new Segment(start, run.Data[length..])]);
    }

    private bool HasErasedVectors(IBootloader bootloader, FlashPlan plan, MemoryPlan memory) =>
        memory == plan.Memories[0] && plan.VectorBlock is { } block && bootloader.IsErased(block.Address, block.Data.Length, erased);

    // A block may span several sectors. Returns where to continue, which skips the rest of a sector that differs.
    private static long Compare(MemoryMap map, Segment run, long address, ReadOnlySpan<byte> found, HashSet<Sector> different)
    {
        while (!found.IsEmpty)
        {
            var sector = map.SectorAt(address)!.Value;
            var here = (int)Math.Min(found.Length, sector.End - address);
            if (!found[..here].SequenceEqual(run.Data.Span.Slice((int)(address - run.Address), here)))
            {
                different.Add(sector);
            }

            address += here;
            found = found[here..];
        }

        return map.SectorAt(address - 1) is { } last && different.Contains(last) ? last.End : address;
    }

    private MemoryPlan Only(FlashPlan plan, MemoryPlan memory, List<Segment> wanted, HashSet<Sector> different, bool inOrder)
    {
        var sectors = memory.Sectors.Where(s => different.Contains(s) || plan.HoldsVectors(memory, s) || IsAllErased(wanted, s)).ToList();
        if (inOrder && sectors.Count > 0)
        {
            sectors = [.. memory.Sectors.TakeWhile(s => s.Address <= sectors[^1].Address)];
        }

        return memory.Only(sectors);
    }

    // That a sector reads as erased proves nothing: an interrupted erase may have left marginal cells. If nothing else
    // differs, the vector table proves that the last upload was completed.
    private bool IsAllErased(List<Segment> wanted, Sector sector) =>
        wanted.SelectMany(w => MemoryPlan.Within(w, [sector])).All(part => !part.Data.Span.ContainsAnyExcept(erased));

    private static List<Segment> Wanted(FlashPlan plan, MemoryPlan memory)
    {
        if (memory != plan.Memories[0] || plan.VectorBlock is not { } block)
        {
            return [.. memory.Runs];
        }

        // Rejoin the vector table's block with the run that it was split from.
        return memory.Runs.Count > 0 && memory.Runs[0].Address == block.End
            ? [new Segment(block.Address, (byte[])[.. block.Data.Span, .. memory.Runs[0].Data.Span]), .. memory.Runs.Skip(1)]
            : [block, .. memory.Runs];
    }
}

/// <summary>A byte that differs.</summary>
/// <param name="Address">Its address.</param>
/// <param name="Expected">The expected value.</param>
/// <param name="Found">The value on the board.</param>
public readonly record struct Difference(uint Address, byte Expected, byte Found);

/// <summary>Compares the flash of a board with the expected bytes.</summary>
public static class Comparison
{
    /// <summary>Reads up to the first byte that differs.</summary>
    /// <param name="bootloader">The bootloader, with the memory selected.</param>
    /// <param name="wanted">The expected bytes.</param>
    /// <param name="compared">Called after each block with the number of equal bytes in it.</param>
    /// <returns>The difference, or null if there is none.</returns>
    /// <exception cref="UsbException">A transfer failed.</exception>
    /// <exception cref="DfuException">The device refused, or returned too few bytes.</exception>
    public static Difference? FirstDifference(IBootloader bootloader, Segment wanted, Action<int> compared)
    {
        Difference? difference = null;
        bootloader.Read(wanted.Address, wanted.Data.Length, (address, read) =>
        {
            var here = wanted.Data.Span.Slice((int)(address - wanted.Address), read.Length);
            var same = here.CommonPrefixLength(read.Span);
            compared(same);
            if (same < read.Length)
            {
                difference = new Difference(address + (uint)same, here[same], read.Span[same]);
            }

            return difference is null;
        });
        return difference;
    }
}
