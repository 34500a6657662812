namespace UploadHelper.Core.Firmware;

/// <summary>What belongs into one memory of the board.</summary>
/// <param name="Alternate">The alternate setting that reaches the memory; null if the file does not say, as all but DfuSe files do.</param>
/// <param name="Name">The name that the file gives the target, or null.</param>
/// <param name="Segments">At least one; ascending, with at least a byte between two.</param>
public sealed record ImageTarget(byte? Alternate, string? Name, IReadOnlyList<Segment> Segments);
