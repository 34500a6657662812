using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.UsbIp;

/// <summary>
/// Lets a board live in real time: the one place that owns the lock around it and tells it what time it is. Faces are
/// served whenever something happens: a face used the board, or the time came for which the board or a face asked.
/// </summary>
public sealed class BoardRunner : IDisposable
{
    private static readonly TimeSpan TimerStep = TimeSpan.FromMilliseconds(1);

    private readonly Lock _gate = new();
    private readonly IUsbPort _port;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly ITimer _timer;
    private IReadOnlyList<IBoardFace> _faces = [];
    private bool _disposed;

    /// <summary>The board is switched on now.</summary>
    /// <param name="port">The board; from now on only this runner may touch it.</param>
    /// <param name="time">The clock whose time the board lives in.</param>
    public BoardRunner(IUsbPort port, TimeProvider time)
    {
        _port = port;
        _time = time;
        _start = time.GetTimestamp();
        _timer = time.CreateTimer(_ => Use(_ => { }), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Use(_ => { });
    }

    /// <summary>Adds a face; it is served from now on.</summary>
    public void Add(IBoardFace face)
    {
        lock (_gate)
        {
            _faces = [.. _faces, face];
            Serve();
        }
    }

    /// <summary>Accepts a face away; it is not served any more once this returns.</summary>
    public void Remove(IBoardFace face)
    {
        lock (_gate)
        {
            _faces = [.. _faces.Where(f => f != face)];
        }
    }

    /// <summary>Brings the board to the present, does something with it, and serves the faces.</summary>
    /// <param name="action">Runs under the lock; short, and without waiting for anything.</param>
    public T Use<T>(Func<IUsbPort, T> action)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _port.AdvanceTo(_time.GetElapsedTime(_start));
            var result = action(_port);
            Serve();
            return result;
        }
    }

    /// <summary>As <see cref="Use{T}"/>, for actions without a result.</summary>
    public void Use(Action<IUsbPort> action)
    {
        lock (_gate)
        {
            // The timer may have been due when the runner was disposed.
            if (!_disposed)
            {
                Use(port =>
                {
                    action(port);
                    return true;
                });
            }
        }
    }

    /// <summary>The board stands still from now on.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _timer.Dispose();
        }
    }

    private void Serve()
    {
        if (_disposed)
        {
            return;
        }

        var now = _time.GetElapsedTime(_start);
        _port.AdvanceTo(now);
        TimeSpan? next = null;
        foreach (var face in _faces)
        {
            next = Earlier(next, face.Serve(_port, now));
        }

        next = Earlier(next, _port.NextEventAt);
        _timer.Change(next is { } due ? UntilTick(due - now) : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    // The timer counts whole milliseconds and cuts the rest off: without rounding up it would fire too early, again and again.
    private static TimeSpan UntilTick(TimeSpan wait) => wait <= TimerStep
        ? TimerStep
        : TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds));

    private static TimeSpan? Earlier(TimeSpan? a, TimeSpan? b) => a is null || b < a ? b ?? a : a;
}

/// <summary>One of the ways in which the outside meets a board that a <see cref="BoardRunner"/> runs.</summary>
public interface IBoardFace
{
    /// <summary>Does what can be done now. Runs under the runner's lock.</summary>
    /// <returns>When there will be something to do even if nothing happens, on the board's time line; null: not before something happens.</returns>
    TimeSpan? Serve(IUsbPort port, TimeSpan now);
}
