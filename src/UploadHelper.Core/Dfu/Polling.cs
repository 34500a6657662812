namespace UploadHelper.Core.Dfu;

/// <summary>
/// How long a session waits between two GETSTATUS of one operation. Devices report time-outs that mean nothing (an F4
/// ROM asks for 100 ms after a block that takes 8); where it is known that the next request is simply answered when
/// the operation is over, nothing is waited for. A device that does not take it is waited for from then on.
/// </summary>
/// <param name="early">Whether to ask again at once.</param>
public sealed class Polling(bool early)
{
    /// <summary>Whether to ask again at once instead of waiting as long as the device says.</summary>
    public bool IsEarly { get; private set; } = early;

    /// <summary>From now on the device is given the time it asks for.</summary>
    public void FallBack() => IsEarly = false;
}
