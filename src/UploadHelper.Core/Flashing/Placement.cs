using UploadHelper.Core.Boards;
using UploadHelper.Core.Dfu;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Uploading;

namespace UploadHelper.Core.Flashing;

/// <summary>Finds the memory that a segment of an image belongs to.</summary>
/// <param name="memories">The memories of the board.</param>
/// <param name="image">The image.</param>
/// <param name="wanted">The alternate setting that the user wants, or null.</param>
internal sealed class Placement(IReadOnlyList<DfuMemory> memories, FirmwareImage image, byte? wanted)
{
    /// <summary>The memory for a segment: behind the alternate setting that the user or the file names, else the one that holds its address.</summary>
    /// <param name="segment">The segment.</param>
    /// <param name="named">The alternate setting that the file names for it, or null.</param>
    /// <exception cref="UploadException"><see cref="UploadError.NotWritable"/>.</exception>
    public DfuMemory Of(Segment segment, byte? named)
    {
        if (wanted is not null && named is not null && wanted != named)
        {
            throw OtherAlternate(named.Value);
        }

        var alternate = wanted ?? named;
        var memory = alternate is null
            ? memories.FirstOrDefault(m => m.Map.Contains(segment.Address))
            : memories.FirstOrDefault(m => m.Alternate.Setting == alternate) ?? throw NoSuchAlternate(alternate.Value);
        if (memory is null || !memory.Map.Contains(segment.Address))
        {
            throw NoMemory(segment, memory);
        }

        return OptionArea.Holds(memory, segment.Address) ? throw OptionBytes(segment, memory) : memory;
    }

    private UploadException OtherAlternate(byte named) => new(
        UploadError.NotWritable,
        $"{image.Name} itself names alternate setting {named}, and --alt says {wanted}. Nothing was erased.",
        "Leave --alt out.");

    private UploadException NoMemory(Segment segment, DfuMemory? memory) => new(
        UploadError.NotWritable,
        $"{image.Name} needs 0x{segment.Address:X8} to 0x{segment.End - 1:X8}, and 0x{segment.Address:X8} is not in "
            + (memory is null ? "any memory of this board" : $"the memory behind alternate setting {memory.Alternate.Setting}")
            + $". Nothing was erased. The board says: {string.Join(", ", (memory is null ? memories : [memory]).Select(m => m.Map))}",
        memory is not null && memories.FirstOrDefault(m => m.Map.Contains(segment.Address)) is { } other
            ? $"Alternate setting {other.Alternate.Setting} holds it (--alt {other.Alternate.Setting})."
            : "Check the offset, and that the sketch was compiled for this board.");

    private UploadException NoSuchAlternate(byte alternate) => new(
        UploadError.NotWritable,
        $"{image.Name} is to go to alternate setting {alternate}, and the board has no memory there. Nothing was erased. "
            + $"It has: {string.Join(", ", memories.Select(m => $"{m.Alternate.Setting} ({m.Map.Name})"))}",
        "Leave --alt out to have the memory chosen by its address.");

    private UploadException OptionBytes(Segment segment, DfuMemory memory) => new(
        UploadError.NotWritable,
        $"{image.Name} has {segment.Data.Length} bytes for 0x{segment.Address:X8}: option bytes, OTP or the like ({memory.Map.Name}), which can lock a chip for ever. "
            + "An upload never writes them. Nothing was erased.",
        "Take that part out of the image; to change option bytes use ST's own tool.");
}
