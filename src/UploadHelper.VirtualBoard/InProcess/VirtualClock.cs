using UploadHelper.Core.Timing;

namespace UploadHelper.VirtualBoard.InProcess;

/// <summary>
/// A clock that advances only when code waits: creating a one-shot timer is the wait. With several flows (threads
/// that each work on a board) it advances to the earliest due time once all of them wait.
/// </summary>
public sealed class VirtualClock : TimeProvider, IFlowClock
{
    private readonly object _lock = new();
    private readonly List<TimeSpan> _waiting = [];
    private int _flows = 1;

    /// <summary>The time since the clock was created.</summary>
    public TimeSpan Now { get; private set; }

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override long GetTimestamp() => Now.Ticks;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + Now;

    /// <inheritdoc/>
    public void SetFlows(int flows)
    {
        lock (_lock)
        {
            _flows = flows;
            MoveIfAllWait();
        }
    }

    /// <inheritdoc/>
    public void Leave()
    {
        lock (_lock)
        {
            SetFlows(_flows - 1);
        }
    }

    /// <summary>Waits in virtual time, in the calling flow.</summary>
    public void Advance(TimeSpan duration)
    {
        if (duration <= TimeSpan.Zero)
        {
            return;
        }

        lock (_lock)
        {
            var due = Now + duration;
            _waiting.Add(due);
            MoveIfAllWait();
            while (Now < due)
            {
                Monitor.Wait(_lock);
            }
        }
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Advance(dueTime);
        callback(state);
        return new FiredTimer();
    }

    private void MoveIfAllWait()
    {
        if (_waiting.Count == 0 || _waiting.Count < _flows)
        {
            return;
        }

        Now = _waiting.Min();
        _waiting.RemoveAll(due => due <= Now);
        Monitor.PulseAll(_lock);
    }

    private sealed class FiredTimer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => false;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
