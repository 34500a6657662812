using UploadHelper.Core.Boards;
using UploadHelper.Core.Dfu;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Uploading;

namespace UploadHelper.Core.Flashing;

/// <summary>
/// What goes to a memory whose downloads all begin at one address and go on from there (<see cref="DfuMemory.FixedStart"/>):
/// one run from that address on, with the gaps of the image filled. Their pages are erased, and are in the plan.
/// </summary>
/// <param name="memories">The memories of the board.</param>
/// <param name="erased">What an erased byte reads as.</param>
internal sealed class SequentialRun(IReadOnlyList<DfuMemory> memories, byte erased)
{
    /// <summary>Joins the segments.</summary>
    /// <param name="image">The image that they are of.</param>
    /// <param name="memory">The memory, with a fixed start.</param>
    /// <param name="segments">At least one; ascending, not overlapping.</param>
    /// <exception cref="UploadException"><see cref="UploadError.NotWritable"/>: they do not begin where the memory does.</exception>
    public Segment Of(FirmwareImage image, DfuMemory memory, IReadOnlyList<Segment> segments)
    {
        var start = segments[0].Address;
        if (start != memory.FixedStart)
        {
            throw Elsewhere(image, memory, start);
        }

        var data = new byte[segments[^1].End - start];
        data.AsSpan().Fill(erased);
        foreach (var segment in segments)
        {
            segment.Data.CopyTo(data.AsMemory((int)(segment.Address - start)));
        }

        return new Segment(start, data);
    }

    private UploadException Elsewhere(FirmwareImage image, DfuMemory memory, uint start) => new(
        UploadError.NotWritable,
        $"{image.Name} begins at 0x{start:X8}, but through alternate setting {memory.Alternate.Setting} this bootloader writes to 0x{memory.FixedStart:X8}: "
            + $"\"{memory.Alternate.Name}\". Nothing was erased.",
        memories.FirstOrDefault(m => m.FixedStart == start) is { } right
            ? $"Alternate setting {right.Alternate.Setting} writes there: leave --alt out, or say --alt {right.Alternate.Setting}."
            : "It takes sketches only that were compiled for "
                + string.Join(" or ", memories.Select(m => $"--offset 0x{m.FixedStart - FlashAddress.FlashBase:X} (alternate setting {m.Alternate.Setting})")) + ".");
}
