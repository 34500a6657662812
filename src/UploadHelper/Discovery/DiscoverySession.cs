using UploadHelper.Core.Usb;

namespace UploadHelper.Discovery;

/// <summary>The discovery of one client: answers its commands, and after START_SYNC reports which ports appear and disappear.</summary>
/// <param name="bus">The bus.</param>
/// <param name="time">The clock.</param>
/// <param name="say">Receives the messages, each one line.</param>
internal sealed class DiscoverySession(IUsbBus bus, TimeProvider time, Action<string> say)
{
    // A client may send a line of any length, but does not get all of it back.
    private const int LongestQuote = 60;
    private readonly DfuPorts _ports = new(bus, time);
    private PortWatch? _watch;

    /// <summary>The state of the discovery.</summary>
    public DiscoveryMode Mode { get; private set; } = DiscoveryMode.Alive;

    /// <summary>Whether <see cref="Poll"/> is to be called regularly.</summary>
    public bool IsWatching => _watch is not null;

    /// <summary>How long until a new device has settled, or null if there is none.</summary>
    public TimeSpan? UntilSettled => _watch?.UntilSettled;

    /// <summary>Answers one line of the client.</summary>
    public void Execute(string line)
    {
        var request = DiscoveryRequest.Parse(line);
        if (Refusal(request) is var (eventType, why))
        {
            say(DiscoveryMessages.Error(eventType, why));
            return;
        }

        try
        {
            Execute(request.Verb);
            Mode = Mode.After(request.Verb);
        }
        catch (UsbException e)
        {
            say(DiscoveryMessages.Error(DiscoveryMessages.EventType(request.Verb), $"Cannot list USB devices: {e.Message}"));
        }
    }

    /// <summary>Reports the changes since the last poll.</summary>
    public void Poll()
    {
        if (_watch is null)
        {
            return;
        }

        try
        {
            var (removed, added) = _watch.Poll();
            removed.Select(DiscoveryMessages.Remove).ToList().ForEach(say);
            added.Select(DiscoveryMessages.Add).ToList().ForEach(say);
        }
        catch (UsbException e)
        {
            // As in Arduino's protocol handler: no event follows until the client sends STOP and starts again.
            _watch = null;
            say(DiscoveryMessages.Error(DiscoveryMessages.EventType(DiscoveryVerb.StartSync), $"Cannot list USB devices any more: {e.Message}"));
        }
    }

    private (string EventType, string Why)? Refusal(DiscoveryRequest request)
    {
        var eventType = DiscoveryMessages.EventType(request.Verb);
        if (Mode.Refusal(request.Verb) is { } refusal)
        {
            return (Mode == DiscoveryMode.Alive ? DiscoveryMessages.CommandError : eventType, refusal);
        }

        return request switch
        {
            { Verb: DiscoveryVerb.Unknown } => (eventType, $"Unknown command: {Shortened(request.Text)}"),
            { IsWellFormed: false } => (eventType, $"HELLO needs a version and a quoted name: {Shortened(request.Text)}"),
            _ => null,
        };
    }

    private void Execute(DiscoveryVerb verb)
    {
        switch (verb)
        {
            case DiscoveryVerb.List:
                say(DiscoveryMessages.List(_ports.List().Select(_ports.Describe).OrderBy(p => p.Address, StringComparer.Ordinal)));
                break;
            case DiscoveryVerb.Start:
                _ports.List(); // A bus that cannot be listed is reported now rather than at the first LIST.
                say(DiscoveryMessages.Ok(verb));
                break;
            case DiscoveryVerb.StartSync:
                var watch = new PortWatch(_ports, time);
                var present = watch.Begin();
                _watch = watch;
                say(DiscoveryMessages.Ok(verb));
                present.Select(DiscoveryMessages.Add).ToList().ForEach(say);
                break;
            default:
                _watch = null;
                say(DiscoveryMessages.Ok(verb));
                break;
        }
    }

    private static string Shortened(string text) => text.Length <= LongestQuote ? text : text[..LongestQuote] + "...";
}

/// <summary>The states of a discovery (the state machine of the specification).</summary>
internal enum DiscoveryMode
{
    /// <summary>The process waits for HELLO.</summary>
    Alive,

    /// <summary>After HELLO or STOP.</summary>
    Idle,

    /// <summary>After START: answers LIST.</summary>
    Started,

    /// <summary>After START_SYNC: reports which ports appear and disappear.</summary>
    Syncing,

    /// <summary>After QUIT.</summary>
    Dead,
}

/// <summary>Which command is allowed in which state, and the state after it.</summary>
internal static class DiscoveryModes
{
    /// <summary>Why a command is refused in a state, or null if it is allowed.</summary>
    public static string? Refusal(this DiscoveryMode mode, DiscoveryVerb verb) => (mode, verb) switch
    {
        (_, DiscoveryVerb.Quit) => null,
        (DiscoveryMode.Alive, DiscoveryVerb.Hello) => null,
        (DiscoveryMode.Alive, _) => "The first command must be HELLO",
        (_, DiscoveryVerb.Hello) => "HELLO was already sent",
        (DiscoveryMode.Idle, DiscoveryVerb.Start or DiscoveryVerb.StartSync) => null,
        (DiscoveryMode.Idle, DiscoveryVerb.List) => "LIST is only allowed after START",
        (DiscoveryMode.Idle, DiscoveryVerb.Stop) => "The discovery is already stopped",
        (DiscoveryMode.Started, DiscoveryVerb.List) => null,
        (DiscoveryMode.Started or DiscoveryMode.Syncing, DiscoveryVerb.Stop) => null,
        (DiscoveryMode.Started, DiscoveryVerb.Start or DiscoveryVerb.StartSync) => "The discovery is already running after START; send STOP first",
        (DiscoveryMode.Syncing, DiscoveryVerb.Start or DiscoveryVerb.StartSync or DiscoveryVerb.List) => "The discovery is already sending events after START_SYNC; send STOP first",
        _ => null,
    };

    /// <summary>The state after a command that was allowed and did not fail.</summary>
    public static DiscoveryMode After(this DiscoveryMode mode, DiscoveryVerb verb) => verb switch
    {
        DiscoveryVerb.Hello or DiscoveryVerb.Stop => DiscoveryMode.Idle,
        DiscoveryVerb.Start => DiscoveryMode.Started,
        DiscoveryVerb.StartSync => DiscoveryMode.Syncing,
        DiscoveryVerb.Quit => DiscoveryMode.Dead,
        _ => mode,
    };
}
