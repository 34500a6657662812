namespace UploadHelper.Discovery;

/// <summary>What a discovery does between two commands (the specification's state machine).</summary>
internal enum DiscoveryMode
{
    /// <summary>The process runs, and waits for HELLO.</summary>
    Alive,

    /// <summary>The client has said HELLO, or STOP.</summary>
    Idle,

    /// <summary>After START: answers LIST.</summary>
    Started,

    /// <summary>After START_SYNC: tells what comes and goes.</summary>
    Syncing,

    /// <summary>After QUIT.</summary>
    Dead,
}

/// <summary>Which command is allowed when, and where it leads.</summary>
internal static class DiscoveryModes
{
    /// <summary>Why a command is refused in a mode, or null if it is allowed.</summary>
    public static string? Refusal(this DiscoveryMode mode, DiscoveryVerb verb) => (mode, verb) switch
    {
        (_, DiscoveryVerb.Quit) => null,
        (DiscoveryMode.Alive, DiscoveryVerb.Hello) => null,
        (DiscoveryMode.Alive, _) => "The first command must be HELLO",
        (_, DiscoveryVerb.Hello) => "HELLO was already said",
        (DiscoveryMode.Idle, DiscoveryVerb.Start or DiscoveryVerb.StartSync) => null,
        (DiscoveryMode.Idle, DiscoveryVerb.List) => "LIST needs a START before it",
        (DiscoveryMode.Idle, DiscoveryVerb.Stop) => "The discovery is stopped already",
        (DiscoveryMode.Started, DiscoveryVerb.List) => null,
        (DiscoveryMode.Started or DiscoveryMode.Syncing, DiscoveryVerb.Stop) => null,
        (DiscoveryMode.Started, DiscoveryVerb.Start or DiscoveryVerb.StartSync) => "The discovery runs since START; STOP it first",
        (DiscoveryMode.Syncing, DiscoveryVerb.Start or DiscoveryVerb.StartSync or DiscoveryVerb.List) => "The discovery tells events since START_SYNC; STOP it first",
        _ => null,
    };

    /// <summary>The mode after a command that was allowed and did not fail.</summary>
    public static DiscoveryMode After(this DiscoveryMode mode, DiscoveryVerb verb) => verb switch
    {
        DiscoveryVerb.Hello or DiscoveryVerb.Stop => DiscoveryMode.Idle,
        DiscoveryVerb.Start => DiscoveryMode.Started,
        DiscoveryVerb.StartSync => DiscoveryMode.Syncing,
        DiscoveryVerb.Quit => DiscoveryMode.Dead,
        _ => mode,
    };
}
