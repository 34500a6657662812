namespace UploadHelper.Core.Timing;

/// <summary>Looking again and again for what nothing tells of.</summary>
public static class Looks
{
    /// <summary>
    /// The time between two looks at the bus or at the ports. A look costs 0.1 ms on Linux, and no person notices 20 ms.
    /// </summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);
}
