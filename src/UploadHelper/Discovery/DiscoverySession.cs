using UploadHelper.Core.Usb;

namespace UploadHelper.Discovery;

/// <summary>One client's discovery: what it asks is answered at once, what comes and goes is told after START_SYNC.</summary>
/// <param name="bus">The bus.</param>
/// <param name="time">The clock.</param>
/// <param name="say">Accepts a message, a line each.</param>
internal sealed class DiscoverySession(IUsbBus bus, TimeProvider time, Action<string> say)
{
    // A client may send anything, but need not get all of it back.
    private const int MostOfALine = 60;
    private readonly DfuPorts _ports = new(bus);
    private PortWatch? _watch;

    /// <summary>Where the discovery stands.</summary>
    public DiscoveryMode Mode { get; private set; } = DiscoveryMode.Alive;

    /// <summary>Whether the bus is to be looked at now and then.</summary>
    public bool IsWatching => _watch is not null;

    /// <summary>How long until a newcomer has settled, or null without one.</summary>
    public TimeSpan? UntilSettled => _watch?.UntilSettled;

    /// <summary>Answers one line of the client.</summary>
    public void Obey(string line)
    {
        var request = DiscoveryRequest.Parse(line);
        if (Refusal(request) is var (eventType, why))
        {
            say(DiscoveryMessages.Error(eventType, why));
            return;
        }

        try
        {
            Carry(request.Verb);
            Mode = Mode.After(request.Verb);
        }
        catch (UsbException e)
        {
            say(DiscoveryMessages.Error(DiscoveryMessages.EventType(request.Verb), $"The USB bus cannot be looked at. {e.Message}"));
        }
    }

    /// <summary>Tells what changed since the last look.</summary>
    public void Look()
    {
        if (_watch is null)
        {
            return;
        }

        try
        {
            var (gone, come) = _watch.Look();
            gone.Select(DiscoveryMessages.Remove).ToList().ForEach(say);
            come.Select(DiscoveryMessages.Add).ToList().ForEach(say);
        }
        catch (UsbException e)
        {
            // As Arduino's protocol handler does: no event follows until the client stops and starts anew.
            _watch = null;
            say(DiscoveryMessages.Error(DiscoveryMessages.EventType(DiscoveryVerb.StartSync), $"The USB bus cannot be looked at any more. {e.Message}"));
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

    private void Carry(DiscoveryVerb verb)
    {
        switch (verb)
        {
            case DiscoveryVerb.List:
                say(DiscoveryMessages.List(_ports.Look().Select(_ports.Describe).OrderBy(p => p.Address, StringComparer.Ordinal)));
                break;
            case DiscoveryVerb.Start:
                _ports.Look(); // A bus that cannot be looked at is told now rather than at the first LIST.
                say(DiscoveryMessages.Ok(verb));
                break;
            case DiscoveryVerb.StartSync:
                var watch = new PortWatch(_ports, time);
                var there = watch.Begin();
                _watch = watch;
                say(DiscoveryMessages.Ok(verb));
                there.Select(DiscoveryMessages.Add).ToList().ForEach(say);
                break;
            default:
                _watch = null;
                say(DiscoveryMessages.Ok(verb));
                break;
        }
    }

    private static string Shortened(string text) => text.Length <= MostOfALine ? text : text[..MostOfALine] + "...";
}
