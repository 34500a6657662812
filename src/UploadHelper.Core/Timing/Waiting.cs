namespace UploadHelper.Core.Timing;

/// <summary>The one wait of the program: everything that pauses, pauses here.</summary>
public static class Waiting
{
    /// <summary>The time between two polls of the bus or of the ports. One costs 0.1 ms on Linux, and no person notices 20 ms.</summary>
    public static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Blocks until <paramref name="duration"/> has passed on the clock <paramref name="time"/>. A virtual clock
    /// takes the creation of the one-shot timer as the wait and moves itself to the due time.
    /// </summary>
    /// <param name="time">The clock that is waited on.</param>
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
