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

/// <summary>A clock that advances only when every flow (a thread that drives a board) is waiting on it.</summary>
public interface IFlowClock
{
    /// <summary>Sets how many flows there are; the clock advances when that many are waiting.</summary>
    void SetFlowCount(int flows);

    /// <summary>Reports that a flow has ended and will not wait again.</summary>
    void Leave();
}

/// <summary>Runs several pieces of work in parallel.</summary>
public static class ParallelRun
{
    /// <summary>Runs each piece of work on a thread of its own, and returns when all are done.</summary>
    /// <param name="time">The clock that the work uses for waiting.</param>
    /// <param name="work">The pieces of work; each must handle its own exceptions.</param>
    public static void RunTogether(this TimeProvider time, IReadOnlyList<Action> work)
    {
        var clock = time as IFlowClock;
        clock?.SetFlowCount(work.Count);
        var threads = work.Select(piece => new Thread(() =>
        {
            try
            {
                piece();
            }
            finally
            {
                clock?.Leave();
            }
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        clock?.SetFlowCount(1);
    }
}
