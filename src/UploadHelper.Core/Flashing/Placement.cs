using UploadHelper.Core.Boards;
using UploadHelper.Core.Dfu;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Uploading;

namespace UploadHelper.Core.Flashing;

/// <summary>Finds the memory that a segment belongs to.</summary>
/// <param name="memories">The memories of the board.</param>
internal sealed class Placement(IReadOnlyList<DfuMemory> memories)
{
    /// <summary>The memory for a segment.</summary>
    /// <param name="image">The name of the image, for messages.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="alternate">The alternate setting that the file or the user names, or null for the memory that holds the address.</param>
    /// <exception cref="UploadException"><see cref="UploadError.NotWritable"/>.</exception>
    public DfuMemory Of(string image, Segment segment, byte? alternate)
    {
        var memory = alternate is null
            ? memories.FirstOrDefault(m => m.Map.Contains(segment.Address))
            : memories.FirstOrDefault(m => m.Alternate.Setting == alternate) ?? throw NoSuchAlternate(image, alternate.Value);
        if (memory is null || !memory.Map.Contains(segment.Address))
        {
            throw NoMemory(image, segment, memory);
        }

        return OptionArea.Holds(memory, segment.Address) ? throw OptionBytes(image, segment, memory) : memory;
    }

    private UploadException NoMemory(string image, Segment segment, DfuMemory? memory) => new(
        UploadError.NotWritable,
        $"{image} needs 0x{segment.Address:X8} to 0x{segment.End - 1:X8}, and 0x{segment.Address:X8} is not in "
            + (memory is null ? "any memory of this board" : $"the memory behind alternate setting {memory.Alternate.Setting}")
            + $". Nothing was erased. The board says: {string.Join(", ", (memory is null ? memories : [memory]).Select(m => m.Map))}",
        memory is not null && memories.FirstOrDefault(m => m.Map.Contains(segment.Address)) is { } other
            ? $"Alternate setting {other.Alternate.Setting} holds it (--alt {other.Alternate.Setting})."
            : "Check the offset, and that the sketch was compiled for this board.");

    private UploadException NoSuchAlternate(string image, byte alternate) => new(
        UploadError.NotWritable,
        $"{image} is to go to alternate setting {alternate}, and the board has no memory there. Nothing was erased. "
            + $"It has: {string.Join(", ", memories.Select(m => $"{m.Alternate.Setting} ({m.Map.Name})"))}",
        "Leave --alt out to have the memory chosen by its address.");

    private static UploadException OptionBytes(string image, Segment segment, DfuMemory memory) => new(
        UploadError.NotWritable,
        $"{image} has {segment.Data.Length} bytes for 0x{segment.Address:X8}: option bytes, OTP or the like ({memory.Map.Name}), which can lock a chip for ever. "
            + "An upload never writes them. Nothing was erased.",
        "Take that part out of the image; to change option bytes use ST's own tool.");
}
