using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;

namespace UploadHelper.Core.Flashing;

/// <summary>What an upload erases and writes. It touches nothing else.</summary>
/// <param name="Memories">The plan for each memory, the one with the vector table first; none if everything is already on the board.</param>
/// <param name="VectorBlock">The block of the first memory that begins with the vector table, written last; null if the image has none, or if it cannot be written last.</param>
public sealed record FlashPlan(IReadOnlyList<MemoryPlan> Memories, Segment? VectorBlock)
{
    /// <summary>Reserved words of the vector table that are written as 0, because the bootloader keeps something there.</summary>
    public IReadOnlyList<ClearedWord> Cleared { get; init; } = [];

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

/// <summary>A word of the image that is written as 0.</summary>
/// <param name="Address">Its address.</param>
/// <param name="Value">Its value in the image; not 0.</param>
public readonly record struct ClearedWord(uint Address, uint Value);

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

/// <summary>Plans an upload: which sectors and blocks of a board an image needs, or a refusal before anything is erased.</summary>
/// <param name="memories">The memories of the board.</param>
/// <param name="transferSize">The bootloader's wTransferSize, in bytes.</param>
/// <param name="erased">What an erased byte reads as.</param>
public sealed class FlashPlanner(IReadOnlyList<DfuMemory> memories, int transferSize, byte erased)
{
    /// <summary>Bytes that the device programs at once (<see cref="BootloaderInfo.ProgramUnit"/>).</summary>
    public int ProgramUnit { get; init; } = 32;

    /// <summary>
    /// Size in bytes of the block that is written last (<see cref="BootloaderInfo.LastWrite"/>); null for a whole block, as a
    /// page-based bootloader requires. In a memory outside the internal flash it is at least <see cref="ProgramUnit"/>.
    /// </summary>
    public int? LastWrite { get; init; }

    /// <summary>
    /// Size in bytes of the block that is written last to a memory with a fixed start (<see cref="BootloaderInfo.FirstBlock"/>); null for
    /// all that is erased with it.
    /// </summary>
    public int? FirstBlock { get; init; }

    /// <summary>Where a sketch begins in the internal flash, or the lowest address where it can, if that is known; for hints.</summary>
    public uint SketchStart { get; init; }

    /// <summary>
    /// Whether the block with the vector table is written last, as with every bootloader that allows it. Otherwise everything
    /// is written in one go.
    /// </summary>
    public bool VectorsLast { get; init; } = true;

    /// <summary>Plans the writing of an image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="alternate">The alternate setting that the user selects, or null to go by the file or the addresses.</param>
    /// <exception cref="UploadException">
    /// <see cref="UploadError.NotWritable"/>, <see cref="UploadError.ImageTooLarge"/> or
    /// <see cref="UploadError.NotASectorStart"/>, with the range in question and the memory map.
    /// </exception>
    public FlashPlan Plan(FirmwareImage image, byte? alternate = null)
    {
        var plans = PlaceSegments(image, alternate)
            .Select(p => Plan(image, p.Memory, [.. p.Segments.OrderBy(s => s.Address)]))
            .OrderByDescending(p => p.Sectors.Any(s => s.Address <= image.Start && s.End > image.Start))
            .ToList();
        if ((image.IsProgram || image.Format is ImageFormat.RawBinary or ImageFormat.Dfu) && plans[0].Sectors[0].Address != image.Start)
        {
            throw NotASectorStart(image.Start, plans[0].Memory.Map);
        }

        if (!image.IsProgram || !VectorsLast)
        {
            return new FlashPlan(plans, null);
        }

        var last = plans[0].Memory.FixedStart is null ? LastWrite ?? transferSize : FirstBlock ?? Math.Max(transferSize, (int)plans[0].Sectors[0].Size);
        var (vectorBlock, others) = Split(plans[0].Runs, FlashAddress.IsInternalFlash(image.Start) ? last : Math.Max(last, ProgramUnit));
        plans[0] = plans[0] with { Runs = others };
        return new FlashPlan(plans, vectorBlock);
    }

    // Not GroupBy: its code for a segment is never precompiled, and a board is waiting for this.
    private List<PlacedSegments> PlaceSegments(FirmwareImage image, byte? alternate)
    {
        var placement = new Placement(memories, image, alternate);
        var placed = new List<PlacedSegments>();
        foreach (var target in image.Targets)
        {
            foreach (var segment in target.Segments)
            {
                var memory = placement.Of(segment, target.Alternate);
                var sameMemory = placed.Find(p => p.Memory == memory);
                if (sameMemory is null)
                {
                    placed.Add(sameMemory = new PlacedSegments(memory, []));
                }

                sameMemory.Segments.Add(segment);
            }
        }

        return placed;
    }

    private MemoryPlan Plan(FirmwareImage image, DfuMemory memory, IReadOnlyList<Segment> segments)
    {
        foreach (var (before, after) in segments.Zip(segments.Skip(1)))
        {
            if (after.Address < before.End)
            {
                throw new UploadException(
                    UploadError.ImageUnreadable,
                    $"{image.Name} has two targets that both contain data for 0x{after.Address:X8} of {memory.Map.Name}. Nothing was erased.",
                    "Build the file again.");
            }
        }

        if (memory.FixedStart is not null)
        {
            segments = [new SequentialRun(memories, erased).Join(image, memory, segments)];
        }

        return new MemoryPlan(memory, TouchedSectors(image, segments, memory.Map), RunBuilder.Build(segments, memory.Map, transferSize, ProgramUnit, erased));
    }

    private static (Segment VectorBlock, IReadOnlyList<Segment> Others) Split(IReadOnlyList<Segment> runs, int size)
    {
        var first = runs[0];
        size = Math.Min(size, first.Data.Length);
        var rest = new Segment(first.Address + (uint)size, first.Data[size..]);
        return (first with { Data = first.Data[..size] }, rest.Data.IsEmpty ? [.. runs.Skip(1)] : [rest, .. runs.Skip(1)]);
    }

    private List<Sector> TouchedSectors(FirmwareImage image, IReadOnlyList<Segment> segments, MemoryMap map)
    {
        var sectors = new List<Sector>();
        foreach (var segment in segments)
        {
            for (long address = segment.Address; address < segment.End;)
            {
                var sector = map.SectorAt(address);
                if (sector is not { IsWritable: true })
                {
                    throw Refused(image, segment, address, sector, map);
                }

                if (sectors.Count == 0 || sectors[^1] != sector.Value)
                {
                    sectors.Add(sector.Value);
                }

                address = sector.Value.End;
            }
        }

        return sectors;
    }

    private UploadException Refused(FirmwareImage image, Segment segment, long address, Sector? sector, MemoryMap map)
    {
        if (sector is { } eeprom && DataEeprom.Holds(eeprom))
        {
            return new UploadException(
                UploadError.NotWritable,
                $"{image.Name} has {segment.Data.Length} bytes for 0x{segment.Address:X8}, the chip's data EEPROM ({map.Name}). It is written without an erase, and how this bootloader "
                    + $"treats the bytes beside the data is not documented: upload-helper leaves it alone. Nothing was erased. Memory map: {map}",
                $"Remove that part from the file. {DataEeprom.Advice}");
        }

        if (address > segment.Address)
        {
            return new UploadException(
                UploadError.ImageTooLarge,
                $"{image.Name} is too large: it needs 0x{segment.Address:X8} to 0x{segment.End - 1:X8}, but {(sector is null ? "the flash" : "the writable flash")} "
                    + $"ends at 0x{address - 1:X8} ({segment.End - address} bytes too many). Nothing was erased. Memory map: {map}",
                "Make the sketch smaller (optimize for size, use fewer libraries), or check that the right board is selected.");
        }

        var writable = map.Groups.FirstOrDefault(g => g.Count > 0 && new Sector(g.Address, g.SectorSize, g.Access).IsWritable);
        var start = Math.Max(writable.Address, SketchStart);
        return new UploadException(
            UploadError.NotWritable,
            $"{image.Name} needs 0x{segment.Address:X8} to 0x{segment.End - 1:X8}, but the sector at 0x{sector!.Value.Address:X8} to 0x{sector.Value.End - 1:X8} "
                + (sector.Value.Access.HasFlag(SectorAccess.Write) ? "cannot be erased: it is not flash." : "is read-only: the bootloader protects it.")
                + $" Nothing was erased. Memory map: {map}",
            writable.Count == 0
                ? "This bootloader does not allow writing."
                : $"On this board, a sketch can begin at 0x{start:X8} (--offset {FlashAddress.Offset(start)}). Compile it for that address.");
    }

    private UploadException NotASectorStart(uint address, MemoryMap map)
    {
        var sector = map.SectorAt(address)!.Value;
        var starts = new[] { sector.Address, sector.End }
            .Where(a => map.SectorAt(a) is { IsWritable: true } && (a >= SketchStart || !FlashAddress.IsInternalFlash((uint)a)))
            .Select(a => $"--offset {FlashAddress.Offset((uint)a)}");
        return new UploadException(
            UploadError.NotASectorStart,
            $"0x{address:X8} is not the start of a sector: it is inside the sector 0x{sector.Address:X8} to 0x{sector.End - 1:X8}, "
                + $"which can only be erased as a whole. Nothing was erased. Memory map: {map}",
            "Check the offset." + (starts.Any() ? $" Did you mean {string.Join(" or ", starts)}?" : ""));
    }

    private sealed record PlacedSegments(DfuMemory Memory, List<Segment> Segments);
}

/// <summary>Turns the segments of one memory into runs that a device can program.</summary>
internal static class RunBuilder
{
    /// <summary>
    /// Pads segments to whole units with the erased value, and joins those that are less than a block apart: a separate run
    /// costs more than the bytes in between. Only erased sectors are padded. (A device pads a shorter unit with whatever is in
    /// its buffer, AN2606.)
    /// </summary>
    /// <param name="segments">The segments, ascending and inside the map.</param>
    /// <param name="map">The memory.</param>
    /// <param name="transferSize">The bootloader's wTransferSize, in bytes.</param>
    /// <param name="unit">Bytes that the device programs at once; divides every sector.</param>
    /// <param name="erased">What an erased byte reads as.</param>
    public static IReadOnlyList<Segment> Build(IEnumerable<Segment> segments, MemoryMap map, int transferSize, int unit, byte erased)
    {
        var runs = new List<Segment>();
        var group = new List<Segment>();
        foreach (var segment in segments)
        {
            if (group.Count > 0 && !CanJoin(group[^1], segment, map, transferSize, unit))
            {
                runs.Add(Pad(group, unit, erased));
                group.Clear();
            }

            group.Add(segment);
        }

        runs.Add(Pad(group, unit, erased));
        return runs;
    }

    private static bool CanJoin(Segment before, Segment after, MemoryMap map, int transferSize, int unit) =>
        Down(after.Address, unit) <= Up(before.End, unit)
        || (after.Address - before.End < transferSize
            && map.SectorAt(before.End - 1)!.Value.End >= map.SectorAt(after.Address)!.Value.Address);

    private static Segment Pad(List<Segment> group, int unit, byte erased)
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
