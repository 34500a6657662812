using UploadHelper.Core.Boards;

namespace UploadHelper.Core.Firmware;

/// <summary>What is to be in flash: segments at absolute addresses, for one or several memories.</summary>
public sealed class FirmwareImage
{
    /// <summary>An image, as its file tells it.</summary>
    /// <param name="name">The name to show to the user.</param>
    /// <param name="format">The format of the file.</param>
    /// <param name="targets">At least one.</param>
    /// <param name="leftOut">What the file holds beside, and does not belong into flash.</param>
    /// <param name="madeFor">The device that the file names, or null.</param>
    /// <exception cref="ArgumentException">No segment, an empty one, or two of a target that overlap or descend.</exception>
    public FirmwareImage(
        string name, ImageFormat format, IReadOnlyList<ImageTarget> targets, IReadOnlyList<LeftOutSegment> leftOut, DfuFileIds? madeFor)
    {
        if (targets.Count == 0 || targets.Any(t => t.Segments.Count == 0 || t.Segments.Any(s => s.Data.IsEmpty)))
        {
            throw new ArgumentException("An image has at least one segment, and no empty one.", nameof(targets));
        }

        if (targets.Any(t => t.Segments.Zip(t.Segments.Skip(1)).Any(pair => pair.Second.Address < pair.First.End)))
        {
            throw new ArgumentException("Segments must ascend and must not overlap.", nameof(targets));
        }

        Name = name;
        Format = format;
        Targets = targets;
        LeftOut = leftOut;
        MadeFor = madeFor;
        Segments = targets.Count == 1 ? targets[0].Segments : [.. targets.SelectMany(t => t.Segments).OrderBy(s => s.Address)];
        VectorSegment = Segments.FirstOrDefault(s => FlashAddress.IsInternalFlash(s.Address), Segments[0]);
    }

    /// <summary>An image of one memory, as a raw binary is.</summary>
    /// <param name="name">The name to show to the user.</param>
    /// <param name="segments">At least one; ascending, not overlapping.</param>
    /// <exception cref="ArgumentException">No segment, an empty one, or two that overlap or descend.</exception>
    public FirmwareImage(string name, IReadOnlyList<Segment> segments)
        : this(name, ImageFormat.RawBinary, [new ImageTarget(null, null, segments)], [], null)
    {
    }

    /// <summary>The name to show to the user.</summary>
    public string Name { get; }

    /// <summary>The format of the file.</summary>
    public ImageFormat Format { get; }

    /// <summary>What belongs into which memory, in the order of the file.</summary>
    public IReadOnlyList<ImageTarget> Targets { get; }

    /// <summary>The parts of the file that lie wholly in RAM or in registers.</summary>
    public IReadOnlyList<LeftOutSegment> LeftOut { get; }

    /// <summary>The device that the file names, or null.</summary>
    public DfuFileIds? MadeFor { get; }

    /// <summary>The segments of all targets, ascending.</summary>
    public IReadOnlyList<Segment> Segments { get; }

    /// <summary>The segment that begins with the vector table: the lowest in the internal flash, or the lowest if none is.</summary>
    public Segment VectorSegment { get; }

    /// <summary>
    /// Whether it is a program. A file that names alternate settings, and none for the internal flash, holds data for
    /// another memory.
    /// </summary>
    public bool HasVectorTable => FlashAddress.IsInternalFlash(VectorSegment.Address) || Targets.Any(t => t.Alternate is null);

    /// <summary>Where the image begins: the address of its vector table.</summary>
    public uint Start => VectorSegment.Address;

    /// <summary>Address behind the last byte.</summary>
    public long End => Segments[^1].End;

    /// <summary>Number of bytes in all segments.</summary>
    public int Size => Segments.Sum(s => s.Data.Length);
}
