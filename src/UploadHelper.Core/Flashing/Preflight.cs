using System.Buffers.Binary;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Flashing;

/// <summary>The checks of a plan that require knowledge of the bootloader, made before anything is erased.</summary>
public static class Preflight
{
    /// <summary>Plans the writing of an image through a bootloader, and checks the plan.</summary>
    /// <param name="image">The image.</param>
    /// <param name="device">The bootloader's descriptors.</param>
    /// <param name="memories">Its memories.</param>
    /// <param name="info">Its entry in the catalogue.</param>
    /// <param name="alternate">The alternate setting that the user selects, or null.</param>
    /// <exception cref="UploadException">The image does not fit this board.</exception>
    public static FlashPlan Plan(FirmwareImage image, DfuDescription device, IReadOnlyList<DfuMemory> memories, BootloaderInfo info, byte? alternate)
    {
        var planner = new FlashPlanner(memories, device.Functional.TransferSize, info.ErasedValue)
        {
            ProgramUnit = info.ProgramUnit,
            LastWrite = info.SharesVectorPage ? null : info.LastWrite,
            SketchStart = info.Writable?.Start ?? 0,
            VectorsLast = !info.WritesInOneGo,
        };
        var plan = planner.Plan(image, alternate);
        Check(image, plan, device, info);
        return info.KeptVectors is { } kept && plan.VectorBlock is { } block ? ClearKept(image, plan, block, kept, info) : plan;
    }

    /// <summary>Checks a plan against what is known about a bootloader.</summary>
    /// <param name="image">The image.</param>
    /// <param name="plan">Its plan.</param>
    /// <param name="device">The descriptors of the bootloader.</param>
    /// <param name="info">Its entry in the catalogue.</param>
    /// <exception cref="UploadException">
    /// <see cref="UploadError.NotWritable"/>, <see cref="UploadError.ImageTooLarge"/> or <see cref="UploadError.NotForThisDevice"/>.
    /// </exception>
    public static void Check(FirmwareImage image, FlashPlan plan, DfuDescription device, BootloaderInfo info)
    {
        if (image.MadeFor is { } ids && !ids.Fits(device.Device.Id))
        {
            throw MadeForAnother(image, ids, device.Device);
        }

        if (info.Writable is { } writable)
        {
            CheckSectors(image, plan, writable, info);
        }

        if (info.Sketch is { } rule && image.HasVectorTable)
        {
            CheckSketch(image, rule, info);
        }
    }

    private static void CheckSectors(FirmwareImage image, FlashPlan plan, WritableRange writable, BootloaderInfo info)
    {
        foreach (var sector in plan.Sectors)
        {
            if (writable.WhyNot(sector) is { } why)
            {
                throw NotWritable(image, sector, why, writable, info);
            }
        }
    }

    private static void CheckSketch(FirmwareImage image, SketchRule rule, BootloaderInfo info)
    {
        if (rule.Address is { } address && image.Start != address)
        {
            if (rule.StartsNothingElse)
            {
                throw StartedElsewhere(image, address, info);
            }

            return;
        }

        var stack = VectorTable.Read(image.VectorSegment.Data.Span).StackPointer;
        if (!rule.Accepts(stack))
        {
            throw NeverStarted(image, stack, rule, info);
        }
    }

    // In a table that is shorter than these words, the device would read what its buffer contains.
    private static FlashPlan ClearKept(FirmwareImage image, FlashPlan plan, Segment block, KeptVectors kept, BootloaderInfo info)
    {
        var data = new byte[Math.Max(block.Data.Length, (kept.Offset + KeptVectors.Size + info.ProgramUnit - 1) / info.ProgramUnit * info.ProgramUnit)];
        data.AsSpan().Fill(info.ErasedValue);
        block.Data.CopyTo(data);
        var words = Enumerable.Range(0, KeptVectors.Size / 4)
            .Select(i => new ClearedWord(kept.Address + (uint)i * 4, BinaryPrimitives.ReadUInt32LittleEndian(data.AsSpan(kept.Offset + i * 4))))
            .Where(w => w.Value != 0 && image.Segments.Any(s => w.Address >= s.Address && w.Address < s.End));
        return plan with { VectorBlock = kept.Cleared(block with { Data = data }), Cleared = [.. words] };
    }

    private static UploadException MadeForAnother(FirmwareImage image, DfuFileIds ids, UsbDeviceInfo device) => new(
        UploadError.NotForThisDevice,
        $"{image.Name} was made for {new UsbId(ids.Vendor, ids.Product)}, but the board is {device.Id}. Nothing was erased.",
        "Check that it is the right file. If it is, remove its suffix (dfu-suffix --delete), or use the .bin or .hex file.");

    private static UploadException NotWritable(FirmwareImage image, Sector sector, string why, WritableRange writable, BootloaderInfo info) => new(
        sector.Address < writable.Start ? UploadError.NotWritable : UploadError.ImageTooLarge,
        $"{image.Name} needs the sector 0x{sector.Address:X8} to 0x{sector.End - 1:X8}, but {why} ({info.Name}). Nothing was erased.",
        sector.Address < writable.Start
            ? writable.Hint ?? $"Use --offset 0x{writable.Start - FlashAddress.FlashBase:X}, and compile the sketch for that address."
            : "Make the sketch smaller, or upload it through the ROM bootloader of the chip (BOOT0).");

    private static UploadException StartedElsewhere(FirmwareImage image, uint address, BootloaderInfo info) => new(
        UploadError.ImageLinkedElsewhere,
        $"{image.Name} begins at 0x{image.Start:X8}, but {info.Name} starts only sketches at 0x{address:X8}. Nothing was erased.",
        (BootloaderCatalogue.NamesAt(image.Start) is { } names ? $"It was made for {names}. " : "")
            + $"Compile it for this board, with the vector offset 0x{address - FlashAddress.FlashBase:X}.");

    private static UploadException NeverStarted(FirmwareImage image, uint stack, SketchRule rule, BootloaderInfo info) => new(
        UploadError.NotForThisDevice,
        $"{image.Name} has the initial stack pointer 0x{stack:X8}. {info.Name} would never start it: it accepts only stack pointers from "
            + $"{rule.StackRange}. Nothing was erased.",
        "Check that the sketch was compiled for this board. The linker script sets the stack pointer to the end of the RAM of the part.");
}

/// <summary>Finds the memory that a segment of an image belongs to.</summary>
/// <param name="memories">The memories of the board.</param>
/// <param name="image">The image.</param>
/// <param name="selected">The alternate setting that the user selects, or null.</param>
internal sealed class Placement(IReadOnlyList<DfuMemory> memories, FirmwareImage image, byte? selected)
{
    /// <summary>The memory for a segment: that of the alternate setting that the user or the file selects, otherwise the one that contains its address.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="fromFile">The alternate setting that the file selects for it, or null.</param>
    /// <exception cref="UploadException"><see cref="UploadError.NotWritable"/>.</exception>
    public DfuMemory Of(Segment segment, byte? fromFile)
    {
        if (selected is not null && fromFile is not null && selected != fromFile)
        {
            throw OtherAlternate(fromFile.Value);
        }

        var alternate = selected ?? fromFile;
        var memory = alternate is null
            ? memories.FirstOrDefault(m => m.Map.Contains(segment.Address))
            : memories.FirstOrDefault(m => m.Alternate.Setting == alternate) ?? throw NoSuchAlternate(alternate.Value);
        if (memory is null || !memory.Map.Contains(segment.Address))
        {
            throw NoMemory(segment, memory);
        }

        return OptionArea.Holds(memory.Map, segment.Address) ? throw OptionBytes(segment, memory) : memory;
    }

    private UploadException OtherAlternate(byte fromFile) => new(
        UploadError.NotWritable,
        $"{image.Name} is for alternate setting {fromFile}, but --alt is {selected}. Nothing was erased.",
        "Omit --alt.");

    private UploadException NoMemory(Segment segment, DfuMemory? memory) => new(
        UploadError.NotWritable,
        $"{image.Name} needs 0x{segment.Address:X8} to 0x{segment.End - 1:X8}, but 0x{segment.Address:X8} is not in "
            + (memory is null ? "any memory of this board" : $"the memory of alternate setting {memory.Alternate.Setting}")
            + $". Nothing was erased. Memory map: {string.Join(", ", (memory is null ? memories : [memory]).Select(m => m.Map))}",
        memory is not null && memories.FirstOrDefault(m => m.Map.Contains(segment.Address)) is { } other
            ? $"It is in alternate setting {other.Alternate.Setting} (--alt {other.Alternate.Setting})."
            : "Check the offset, and that the sketch was compiled for this board.");

    private UploadException NoSuchAlternate(byte alternate) => new(
        UploadError.NotWritable,
        $"{image.Name} cannot be written to alternate setting {alternate}: the board has no such memory. Nothing was erased. "
            + $"It has: {string.Join(", ", memories.Select(m => $"{m.Alternate.Setting} ({m.Map.Name})"))}",
        "Omit --alt to select the memory by its address.");

    private UploadException OptionBytes(Segment segment, DfuMemory memory) => new(
        UploadError.NotWritable,
        $"{image.Name} has {segment.Data.Length} bytes for 0x{segment.Address:X8}: option bytes, OTP or similar memory ({memory.Map.Name}), which can lock a chip forever. "
            + "An upload never writes them. Nothing was erased.",
        "Remove that part from the image. To change option bytes, use STM32CubeProgrammer.");
}

/// <summary>
/// The data for a memory whose downloads always begin at one address (<see cref="DfuMemory.FixedStart"/>): a single run from
/// that address, with the gaps of the image filled. The pages in the gaps are erased, so they are part of the plan.
/// </summary>
/// <param name="memories">The memories of the board.</param>
/// <param name="erased">What an erased byte reads as.</param>
internal sealed class SequentialRun(IReadOnlyList<DfuMemory> memories, byte erased)
{
    /// <summary>Joins the segments.</summary>
    /// <param name="image">The image that contains them.</param>
    /// <param name="memory">The memory, with a fixed start.</param>
    /// <param name="segments">At least one; ascending, not overlapping.</param>
    /// <exception cref="UploadException"><see cref="UploadError.NotWritable"/>: they do not begin at the start of the memory.</exception>
    public Segment Join(FirmwareImage image, DfuMemory memory, IReadOnlyList<Segment> segments)
    {
        var start = segments[0].Address;
        if (start != memory.FixedStart)
        {
            throw WrongStart(image, memory, start);
        }

        var data = new byte[segments[^1].End - start];
        data.AsSpan().Fill(erased);
        foreach (var segment in segments)
        {
            segment.Data.CopyTo(data.AsMemory((int)(segment.Address - start)));
        }

        return new Segment(start, data);
    }

    private UploadException WrongStart(FirmwareImage image, DfuMemory memory, uint start) => new(
        UploadError.NotWritable,
        $"{image.Name} begins at 0x{start:X8}, but through alternate setting {memory.Alternate.Setting} this bootloader writes to 0x{memory.FixedStart:X8}: "
            + $"\"{memory.Alternate.Name}\". Nothing was erased.",
        memories.FirstOrDefault(m => m.FixedStart == start) is { } right
            ? $"Alternate setting {right.Alternate.Setting} writes there: omit --alt, or use --alt {right.Alternate.Setting}."
            : "This bootloader accepts only sketches that were compiled for "
                + string.Join(" or ", memories.Select(m => $"--offset 0x{m.FixedStart - FlashAddress.FlashBase:X} (alternate setting {m.Alternate.Setting})")) + ".");
}
