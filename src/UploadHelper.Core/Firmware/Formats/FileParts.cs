using UploadHelper.Core.Boards;

namespace UploadHelper.Core.Firmware.Formats;

/// <summary>What a file with addresses holds.</summary>
/// <param name="Targets">What belongs into which memory; none is empty.</param>
/// <param name="LeftOut">What lies wholly in RAM or in registers.</param>
internal sealed record FileParts(IReadOnlyList<ImageTarget> Targets, IReadOnlyList<LeftOutSegment> LeftOut)
{
    /// <summary>The parts of a file that does not say which memory they are for.</summary>
    public static FileParts Of(IReadOnlyList<Segment> segments) => Of([new ImageTarget(null, null, segments)]);

    /// <summary>The parts of a file that knows no names of sections.</summary>
    public static FileParts Of(IReadOnlyList<ImageTarget> targets) => new(
        [.. targets.Select(t => t with { Segments = [.. t.Segments.Where(s => !RamMap.IsVolatile(s))] }).Where(t => t.Segments.Count > 0)],
        [.. targets.SelectMany(t => t.Segments).Where(RamMap.IsVolatile).Select(s => new LeftOutSegment(s.Address, s.Data.Length, null))]);
}
