using System.Buffers.Binary;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
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
    /// <param name="overridden">The checks that only warn.</param>
    /// <param name="events">Receives a warning for each check that fails but does not refuse the image.</param>
    /// <exception cref="UploadException">The image does not fit this board.</exception>
    public static FlashPlan Plan(
        FirmwareImage image,
        DfuDescription device,
        IReadOnlyList<DfuMemory> memories,
        BootloaderInfo info,
        byte? alternate,
        IReadOnlyList<Override> overridden,
        Action<UploadEvent> events)
    {
        var planner = new FlashPlanner(memories, device.Functional.TransferSize, info.ErasedValue)
        {
            ProgramUnit = info.ProgramUnit,
            LastWrite = info.SharesVectorPage ? null : info.LastWrite,
            FirstBlock = info.FirstBlock,
            SketchStart = info.Sketch?.Address ?? info.Writable?.Start ?? 0,
            VectorsLast = !info.WritesInOneGo,
        };
        var plan = planner.Plan(image, alternate);
        Pass(Refusals(image, plan, device, info), overridden, events);
        return info.KeptVectors is { } kept && plan.VectorBlock is { } block ? ClearKept(image, plan, block, kept, info) : plan;
    }

    /// <summary>Throws the first refusal that is not overridden, and warns of those that are.</summary>
    /// <param name="refusals">What the checks found.</param>
    /// <param name="overridden">The checks that only warn.</param>
    /// <param name="events">Receives the warnings.</param>
    /// <exception cref="UploadException">The first refusal that is certain and not overridden.</exception>
    public static void Pass(IEnumerable<Refusal> refusals, IReadOnlyList<Override> overridden, Action<UploadEvent> events)
    {
        foreach (var (error, resembled) in refusals)
        {
            var finding = error.Message.Replace($" {ErrorMessages.NothingErased}", "", StringComparison.Ordinal);
            if (error.Override is { } check && overridden.Contains(check))
            {
                events(new UploadWarning(WarningCode.CheckOverridden, finding, $"--force {check.Name()} overrides this check. If the sketch does not run, this is probably the reason."));
            }
            else if (resembled is not null)
            {
                events(new UploadWarning(
                    WarningCode.BootloaderUncertain,
                    $"This bootloader resembles {resembled}, but is not a build that upload-helper knows. If it is that bootloader: {finding}",
                    "If the sketch does not run, this may be the reason."));
            }
            else
            {
                throw error;
            }
        }
    }

    /// <summary>Checks a plan against what is known about a bootloader.</summary>
    /// <param name="image">The image.</param>
    /// <param name="plan">Its plan.</param>
    /// <param name="device">The descriptors of the bootloader.</param>
    /// <param name="info">Its entry in the catalogue.</param>
    /// <returns>
    /// Each reason to refuse it: <see cref="UploadError.NotWritable"/>, <see cref="UploadError.ImageTooLarge"/>,
    /// <see cref="UploadError.ImageLinkedElsewhere"/> or <see cref="UploadError.NotForThisDevice"/>.
    /// </returns>
    public static IEnumerable<Refusal> Refusals(FirmwareImage image, FlashPlan plan, DfuDescription device, BootloaderInfo info)
    {
        var resembled = info.IsCertain ? null : info.Name;
        if (image.MadeFor is { } ids && !ids.Fits(device.Device.Id))
        {
            yield return new(MadeForAnother(image, ids, device.Device), null);
        }

        if (image.IsProgram && info.Processor is { } processor && processor != image.Processor)
        {
            yield return new(OtherProcessor(image, processor, info), null);
        }

        if (info.Writable is { } writable && plan.Sectors.FirstOrDefault(s => writable.Objection(s) is not null) is { Size: > 0 } sector)
        {
            yield return new(NotWritable(image, sector, writable, info), resembled);
        }

        if (info.Sketch is { } rule && image.HasVectorTable && RefusedSketch(image, rule, info) is { } never)
        {
            yield return new(never, resembled);
        }

        if (plan.Memories.SelectMany(m => m.Runs).Append(plan.VectorBlock ?? new Segment(0, default)).Select(info.TakesForCommand).OfType<uint?>().FirstOrDefault() is { } command)
        {
            yield return new(LooksLikeCommand(image, command, info), null);
        }

        if (info.Series is { } series && image.HasVectorTable && StackOf(image) is { } stack && RamMap.CheckStack(stack, series) is { Verdict: StackVerdict.NoRam } ram)
        {
            yield return new(OutsideRam(image, stack, ram.Why, info), null);
        }
    }

    private static UploadException? RefusedSketch(FirmwareImage image, SketchRule rule, BootloaderInfo info)
    {
        if (rule.Address is { } address && image.Start != address)
        {
            return rule.StartsNothingElse ? StartedElsewhere(image, address, info) : null;
        }

        return StackOf(image) is { } stack && !rule.Accepts(stack) ? NeverStarted(image, stack, rule, info) : null;
    }

    // Null for an image that is too short for a vector table: the user overrides that check.
    private static uint? StackOf(FirmwareImage image) =>
        image.VectorSegment.Data.Length >= VectorTable.Smallest ? VectorTable.Read(image.VectorSegment.Data.Span).StackPointer : null;

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
        "Check that it is the right file.")
    {
        Override = Override.Ids,
    };

    private static UploadException OtherProcessor(FirmwareImage image, Processor processor, BootloaderInfo info) => new(
        UploadError.NotForThisDevice,
        $"{image.Name} is a program for {image.Processor.Chip()}, but the board has {processor.Chip()} ({info.Name}). Nothing was erased.",
        "Check that the sketch was compiled for this board, and that the right board is plugged in.");

    // What is below the writable range belongs to the bootloader, and what is above it may not be where the bootloader erases: nothing overrides that.
    private static UploadException NotWritable(FirmwareImage image, Sector sector, WritableRange writable, BootloaderInfo info) => new(
        sector.Address < writable.Start ? UploadError.NotWritable : UploadError.ImageTooLarge,
        $"{image.Name} needs the sector 0x{sector.Address:X8} to 0x{sector.End - 1:X8}, but {writable.Objection(sector)} ({info.Name}). Nothing was erased.",
        sector.Address < writable.Start
            ? writable.Hint ?? $"Use --offset {FlashAddress.Offset(writable.Start)}, and compile the sketch for that address."
            : writable.HintAfter ?? "Make the sketch smaller, or upload it through the ROM bootloader of the chip (BOOT0).")
    {
        Override = sector.Address < writable.Start || writable.HintAfter is not null ? null : Override.Map,
    };

    private static UploadException StartedElsewhere(FirmwareImage image, uint address, BootloaderInfo info) => new(
        UploadError.ImageLinkedElsewhere,
        $"{image.Name} begins at 0x{image.Start:X8}, but {info.Name} starts only sketches at 0x{address:X8}. Nothing was erased.",
        (BootloaderCatalogue.NamesAt(image.Start) is { } names ? $"The sketch was probably made for {names}. " : "")
            + $"Compile it for this board, with the vector table offset 0x{address - FlashAddress.FlashBase:X}.")
    {
        Override = Override.Address,
    };

    private static UploadException NeverStarted(FirmwareImage image, uint stack, SketchRule rule, BootloaderInfo info) => new(
        UploadError.NotForThisDevice,
        $"{image.Name} has the initial stack pointer 0x{stack:X8}. {info.Name} would never start it: it accepts only stack pointers from "
            + $"{rule.StackRange}. Nothing was erased.",
        "Check that the sketch was compiled for this board. The linker script sets the stack pointer to the end of the chip's RAM.")
    {
        Override = Override.Stack,
    };

    private static UploadException LooksLikeCommand(FirmwareImage image, uint address, BootloaderInfo info) => new(
        UploadError.NotForThisDevice,
        $"{image.Name} has bytes at 0x{address:X8} that begin like a command of the bootloader: {info.Name} would execute or ignore them instead of writing them. Nothing was erased.",
        "Change the sketch so that these bytes (BTLDCMD) are elsewhere: any other multiple of 64 bytes, plus one.");

    private static UploadException OutsideRam(FirmwareImage image, uint stack, string why, BootloaderInfo info) => new(
        UploadError.NotForThisDevice,
        $"{image.Name} has the initial stack pointer 0x{stack:X8}, but the board has the {info.Name}, and {why}. Nothing was erased.",
        "Check that the sketch was compiled for this board. The linker script sets the stack pointer to the end of the chip's RAM.")
    {
        Override = Override.Stack,
    };
}

/// <summary>A reason to refuse an image.</summary>
/// <param name="Error">The refusal.</param>
/// <param name="Resembled">The name of the bootloader that the reason assumes, if the board only resembles it; null if the reason is certain.</param>
public readonly record struct Refusal(UploadException Error, string? Resembled);

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
            : memories.FirstOrDefault(m => m.Alternate.Setting == alternate && m.Map.Contains(segment.Address))
                ?? memories.FirstOrDefault(m => m.Alternate.Setting == alternate)
                ?? throw NoSuchAlternate(alternate.Value);
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
