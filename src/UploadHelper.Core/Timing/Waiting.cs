namespace UploadHelper.Core.Timing;

/// <summary>The only place where the program waits.</summary>
public static class Waiting
{
    /// <summary>The time between two polls of the USB bus or the serial ports. A poll costs 0.1 ms on Linux, and a delay of 20 ms is not noticeable.</summary>
    public static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Blocks until <paramref name="duration"/> has passed on the clock <paramref name="time"/>. A virtual clock
    /// treats the creation of the one-shot timer as the wait, and advances to the due time.
    /// </summary>
    /// <param name="time">The clock.</param>
    /// <param name="duration">How long; zero or less returns at once.</param>
    /// <param name="cancellationToken">Ends the wait early.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled before or during the wait.</exception>
    public static void Wait(this TimeProvider time, TimeSpan duration, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (duration <= TimeSpan.Zero)
        {
            return;
        }

        using var done = new ManualResetEventSlim();
        using var timer = time.CreateTimer(_ => done.Set(), null, duration, Timeout.InfiniteTimeSpan);
        done.Wait(cancellationToken);
    }
}
