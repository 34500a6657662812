using System.Collections.Concurrent;

namespace UploadHelper.Discovery;

/// <summary>The signals of a process: lines of its standard input, and what the system tells of the bus.</summary>
internal sealed class DiscoverySignals : IDiscoverySignals
{
    private readonly BlockingCollection<DiscoverySignal> _queue = [];
    private readonly TextReader _input;
    private int _changes;

    /// <summary>Begins to read.</summary>
    /// <param name="input">The client's stream; read on a thread of its own, which ends with it or with the process.</param>
    public DiscoverySignals(TextReader input)
    {
        _input = input;
        new Thread(Read) { IsBackground = true, Name = "discovery commands" }.Start();
    }

    /// <summary>Something came to the bus or left it. Any thread may say so; many in a row are one signal.</summary>
    public void BusChanged()
    {
        if (Interlocked.Exchange(ref _changes, 1) == 0)
        {
            _queue.Add(new DiscoverySignal(DiscoverySignalKind.BusChanged));
        }
    }

    /// <inheritdoc/>
    public DiscoverySignal Next(TimeSpan? limit, CancellationToken cancellationToken)
    {
        var milliseconds = limit is { } some ? (int)Math.Ceiling(Math.Max(some.TotalMilliseconds, 0)) : Timeout.Infinite;
        if (!_queue.TryTake(out var signal, milliseconds, cancellationToken))
        {
            return new DiscoverySignal(DiscoverySignalKind.TimeIsOver);
        }

        if (signal.Kind == DiscoverySignalKind.BusChanged)
        {
            Volatile.Write(ref _changes, 0);
        }

        return signal;
    }

    private void Read()
    {
        while (_input.ReadLine() is { } line)
        {
            _queue.Add(new DiscoverySignal(DiscoverySignalKind.Line, line));
        }

        _queue.Add(new DiscoverySignal(DiscoverySignalKind.End));
    }
}
