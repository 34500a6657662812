using UploadHelper.Core.Boards;
using UploadHelper.Core.Dfu;
using UploadHelper.Core.Dfu.DfuSe;
using UploadHelper.Core.Uploading;

namespace UploadHelper.Core.Operations;

/// <summary>The sectors of a board that a sketch may be put into.</summary>
/// <param name="memories">The memories of the board.</param>
/// <param name="quirks">What is known of its bootloader.</param>
/// <param name="alternate">The alternate setting that the user wants, or null for any.</param>
internal sealed class SketchArea(IReadOnlyList<DfuMemory> memories, DfuQuirks quirks, byte? alternate)
{
    /// <summary>Where it begins.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.NotWritable"/>: there is none.</exception>
    public uint Start => memories
        .Where(m => alternate is null || m.Alternate.Setting == alternate)
        .OrderBy(m => m.FixedStart ?? 0)
        .SelectMany(m => m.Map.Groups.Where(g => g.Count > 0).SelectMany(Starts).Where(a => WhyNot(m, m.Map.SectorAt(a)!.Value) is null))
        .Select(a => (uint?)a)
        .FirstOrDefault() ?? throw new UploadException(
            UploadError.NotWritable,
            $"This board has no sectors that may be written{(alternate is null ? "" : $" behind alternate setting {alternate}")}. {DeviceTrouble.Unchanged}",
            "See what it says of itself: upload-helper list");

    /// <summary>Why a sector is none of them; null if it is one.</summary>
    public string? WhyNot(DfuMemory memory, Sector sector)
    {
        if (OptionArea.Holds(memory, sector.Address))
        {
            return $"holds option bytes, OTP or the like ({memory.Map.Name}), which can lock a chip for ever";
        }

        if (!sector.IsWritable)
        {
            return "is not writable: the bootloader protects it";
        }

        return quirks.Writable?.WhyNot(sector) is { } why ? $"may not be erased: {why}" : null;
    }

    private IEnumerable<uint> Starts(SectorGroup group) =>
        quirks.Writable is { } writable && writable.Start > group.Address && writable.Start < group.End ? [group.Address, writable.Start] : [group.Address];
}
