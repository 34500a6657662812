namespace UploadHelper.Discovery;

/// <summary>
/// How often to look at the bus: an IDE keeps a discovery running all day. Where the system tells of changes, only now
/// and then, in case it did not; elsewhere four times a second, or less if a look is so dear that it would take more
/// than a hundredth of the time (0.1 ms through libusb on Linux).
/// </summary>
/// <param name="hasEvents">Whether the system tells of changes.</param>
internal sealed class LookPace(bool hasEvents)
{
    private const int Share = 100;
    private static readonly TimeSpan AtMost = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AtLeast = TimeSpan.FromMilliseconds(250);

    /// <summary>The pause after a look.</summary>
    /// <param name="cost">How long that look took.</param>
    public TimeSpan After(TimeSpan cost)
    {
        var wanted = hasEvents ? AtMost : cost * Share;
        return wanted < AtLeast ? AtLeast : wanted > AtMost ? AtMost : wanted;
    }
}
