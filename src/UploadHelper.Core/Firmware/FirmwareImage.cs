namespace UploadHelper.Core.Firmware;

/// <summary>What is to be in flash: segments at absolute addresses, ascending and apart from each other.</summary>
public sealed class FirmwareImage
{
    /// <summary>An image of the given segments.</summary>
    /// <param name="name">The name to show to the user.</param>
    /// <param name="segments">At least one; ascending, not overlapping.</param>
    /// <exception cref="ArgumentException">No segment, an empty one, or two that overlap or descend.</exception>
    public FirmwareImage(string name, IReadOnlyList<Segment> segments)
    {
        if (segments.Count == 0 || segments.Any(s => s.Data.IsEmpty))
        {
            throw new ArgumentException("An image has at least one segment, and no empty one.", nameof(segments));
        }

        for (var i = 1; i < segments.Count; i++)
        {
            if (segments[i].Address < segments[i - 1].End)
            {
                throw new ArgumentException("Segments must ascend and must not overlap.", nameof(segments));
            }
        }

        Name = name;
        Segments = segments;
    }

    /// <summary>The name to show to the user.</summary>
    public string Name { get; }

    /// <summary>The segments, ascending.</summary>
    public IReadOnlyList<Segment> Segments { get; }

    /// <summary>Where the image begins: the address of its vector table.</summary>
    public uint Start => Segments[0].Address;

    /// <summary>Address behind the last byte.</summary>
    public long End => Segments[^1].End;

    /// <summary>Number of bytes in all segments.</summary>
    public int Size => Segments.Sum(s => s.Data.Length);
}
