using System.Collections.Concurrent;
using UploadHelper.Core.Timing;

namespace UploadHelper.Discovery;

/// <summary>Runs a discovery until the client ends it.</summary>
/// <param name="session">The discovery.</param>
/// <param name="client">The client.</param>
/// <param name="time">The clock.</param>
internal sealed class DiscoveryLoop(DiscoverySession session, IDiscoveryClient client, TimeProvider time)
{
    // An IDE keeps a discovery running all day. On Linux, a poll of twelve devices takes about 0.5 ms of processor time; four
    // a second are 0.2 % of a core. Elsewhere libusb asks the system about every device, which may take much longer, so polls
    // take at most a hundredth of the time.
    private const int PausePerPoll = 100;
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>Runs until QUIT, or until the client has closed its stream.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void Run(CancellationToken cancellationToken)
    {
        var polledAt = time.GetTimestamp();
        var pause = ShortestPause;
        while (session.Mode != DiscoveryMode.Dead)
        {
            var input = client.Receive(session.IsWatching ? UntilPoll(polledAt, pause) : null, cancellationToken);
            switch (input.Kind)
            {
                case DiscoveryInputKind.End:
                    return;
                case DiscoveryInputKind.Line:
                    session.Execute(input.Line);
                    break;
                default:
                    polledAt = time.GetTimestamp();
                    session.Poll();
                    var wanted = time.GetElapsedTime(polledAt) * PausePerPoll;
                    pause = wanted < ShortestPause ? ShortestPause : wanted > LongestPause ? LongestPause : wanted;
                    break;
            }
        }
    }

    private TimeSpan UntilPoll(long polledAt, TimeSpan pause)
    {
        var poll = pause - time.GetElapsedTime(polledAt);
        return session.UntilSettled is { } settled && settled < poll ? settled : poll;
    }
}

/// <summary>What ended a wait for the client.</summary>
internal enum DiscoveryInputKind
{
    /// <summary>The client sent nothing in time.</summary>
    Timeout,

    /// <summary>The client sent a line.</summary>
    Line,

    /// <summary>The client closed the stream.</summary>
    End,
}

/// <summary>What ended a wait for the client.</summary>
/// <param name="Kind">The kind of input.</param>
/// <param name="Line">The line of the client, or "".</param>
internal readonly record struct DiscoveryInput(DiscoveryInputKind Kind, string Line = "");

/// <summary>The client of a discovery.</summary>
internal interface IDiscoveryClient
{
    /// <summary>Waits for the next line.</summary>
    /// <param name="limit">The longest wait, or null for no limit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    DiscoveryInput Receive(TimeSpan? limit, CancellationToken cancellationToken);
}

/// <summary>The client at the other end of standard input.</summary>
internal sealed class StandardInputClient : IDiscoveryClient
{
    private readonly BlockingCollection<DiscoveryInput> _queue = [];
    private readonly TextReader _input;

    /// <summary>Starts reading.</summary>
    /// <param name="input">The stream of the client; read on a thread of its own, which ends with the stream or the process.</param>
    public StandardInputClient(TextReader input)
    {
        _input = input;
        new Thread(Read) { IsBackground = true, Name = "discovery commands" }.Start();
    }

    /// <inheritdoc/>
    public DiscoveryInput Receive(TimeSpan? limit, CancellationToken cancellationToken)
    {
        var milliseconds = limit is { } some ? (int)Math.Ceiling(Math.Max(some.TotalMilliseconds, 0)) : Timeout.Infinite;
        return _queue.TryTake(out var input, milliseconds, cancellationToken) ? input : new DiscoveryInput(DiscoveryInputKind.Timeout);
    }

    private void Read()
    {
        while (_input.ReadLine() is { } line)
        {
            _queue.Add(new DiscoveryInput(DiscoveryInputKind.Line, line));
        }

        _queue.Add(new DiscoveryInput(DiscoveryInputKind.End));
    }
}

/// <summary>Lets the virtual time of a virtual board pass as the real time does, while a real client is waited for.</summary>
/// <param name="client">The real client.</param>
/// <param name="real">The real clock.</param>
/// <param name="virtualTime">The virtual clock; a wait moves it.</param>
internal sealed class VirtualTimeClient(IDiscoveryClient client, TimeProvider real, TimeProvider virtualTime) : IDiscoveryClient
{
    /// <inheritdoc/>
    public DiscoveryInput Receive(TimeSpan? limit, CancellationToken cancellationToken)
    {
        var start = real.GetTimestamp();
        var input = client.Receive(limit, cancellationToken);
        virtualTime.Wait(real.GetElapsedTime(start), cancellationToken);
        return input;
    }
}
