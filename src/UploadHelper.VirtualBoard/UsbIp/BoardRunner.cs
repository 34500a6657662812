using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.UsbIp;

/// <summary>
/// Runs a board in real time: it owns the lock around the board, and advances its time. It serves its clients whenever
/// something happens: a client used the board, or a time is due that the board or a client asked for.
/// </summary>
public sealed class BoardRunner : IDisposable
{
    private static readonly TimeSpan TimerStep = TimeSpan.FromMilliseconds(1);

    // The runner of the board's own port: it has the clients and the state of all.
    private readonly BoardRunner _main;
    private readonly Lock _gate;
    private readonly IUsbPort _port;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly ITimer _timer;
    private IReadOnlyList<(IBoardClient Client, IUsbPort Port)> _clients = [];
    private bool _disposed;

    /// <summary>Switches the board on.</summary>
    /// <param name="port">The board; from now on only this runner may use it.</param>
    /// <param name="time">The clock of the board's time.</param>
    public BoardRunner(IUsbPort port, TimeProvider time)
    {
        _main = this;
        _gate = new Lock();
        _port = port;
        _time = time;
        _start = time.GetTimestamp();
        _timer = time.CreateTimer(_ => Use(_ => { }), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Use(_ => { });
    }

    private BoardRunner(BoardRunner main, IUsbPort port) =>
        (_main, _gate, _port, _time, _start, _timer) = (main, main._gate, port, main._time, main._start, main._timer);

    /// <summary>The same board, for those who use it through another USB port of it.</summary>
    /// <param name="port">That port; advancing its time advances the board.</param>
    public BoardRunner Through(IUsbPort port) => new(_main, port);

    /// <summary>Adds a client; it is served from now on.</summary>
    public void Add(IBoardClient client)
    {
        lock (_gate)
        {
            _main._clients = [.. _main._clients, (client, _port)];
            _main.Serve();
        }
    }

    /// <summary>Removes a client; it is not served again after this returns.</summary>
    public void Remove(IBoardClient client)
    {
        lock (_gate)
        {
            _main._clients = [.. _main._clients.Where(c => c.Client != client)];
        }
    }

    /// <summary>Advances the board to the present, uses it, and serves the clients.</summary>
    /// <param name="action">Runs under the lock; short, and without waiting for anything.</param>
    public T Use<T>(Func<IUsbPort, T> action)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_main._disposed, this);
            _port.AdvanceTo(_time.GetElapsedTime(_start));
            var result = action(_port);
            _main.Serve();
            return result;
        }
    }

    /// <summary>As <see cref="Use{T}"/>, for actions without a result.</summary>
    public void Use(Action<IUsbPort> action)
    {
        lock (_gate)
        {
            // The timer may have been due when the runner was disposed.
            if (!_main._disposed)
            {
                Use(port =>
                {
                    action(port);
                    return true;
                });
            }
        }
    }

    /// <summary>Stops the board.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _main._disposed = true;
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
        foreach (var (client, port) in _clients)
        {
            next = Earlier(next, client.Serve(port, now));
        }

        next = Earlier(next, _port.NextEventAt);
        _timer.Change(next is { } due ? UntilTick(due - now) : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    // The timer rounds down to whole milliseconds: without rounding up first, it would fire too early again and again.
    private static TimeSpan UntilTick(TimeSpan wait) => wait <= TimerStep
        ? TimerStep
        : TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds));

    private static TimeSpan? Earlier(TimeSpan? a, TimeSpan? b) => a is null || b < a ? b ?? a : a;
}

/// <summary>A user of a board that a <see cref="BoardRunner"/> runs.</summary>
public interface IBoardClient
{
    /// <summary>Does all that can be done now. Runs under the runner's lock.</summary>
    /// <returns>When to serve it again if nothing else happens, in the board's time; null: not before something happens.</returns>
    TimeSpan? Serve(IUsbPort port, TimeSpan now);
}

/// <summary>Waits for a board to appear on the bus; reports each enumeration once.</summary>
internal sealed class AttachmentWatch : IBoardClient, IDisposable
{
    private readonly BoardRunner _runner;
    private readonly AutoResetEvent _changed = new(false);
    private AttachedDevice? _attached;
    private int? _reported;

    public AttachmentWatch(BoardRunner runner)
    {
        _runner = runner;
        runner.Add(this);
    }

    /// <summary>Blocks until the board is on the bus with an enumeration that was not reported before.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public AttachedDevice WaitForDevice(CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_runner.Use(_ => _attached) is { } device && device.Generation != _reported)
            {
                _reported = device.Generation;
                return device;
            }

            WaitHandle.WaitAny([_changed, cancellationToken.WaitHandle]);
        }
    }

    /// <inheritdoc/>
    public TimeSpan? Serve(IUsbPort port, TimeSpan now)
    {
        if (port.Attached?.Generation != _attached?.Generation)
        {
            _attached = port.Attached;
            _changed.Set();
        }

        return null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _runner.Remove(this);
        _changed.Dispose();
    }
}
