using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;

namespace UploadHelper.Core.Flashing;

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
