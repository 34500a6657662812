namespace UploadHelper.Discovery;

/// <summary>What ends a wait of the discovery.</summary>
internal enum DiscoverySignalKind
{
    /// <summary>Nothing happened in time.</summary>
    TimeIsOver,

    /// <summary>The client sent a line.</summary>
    Line,

    /// <summary>The client closed the stream: it is gone.</summary>
    End,

    /// <summary>The system says that something came to the bus, or left it.</summary>
    BusChanged,
}

/// <summary>What ended a wait.</summary>
/// <param name="Kind">Which of them.</param>
/// <param name="Line">The client's line, or "".</param>
internal readonly record struct DiscoverySignal(DiscoverySignalKind Kind, string Line = "");

/// <summary>Where the discovery waits: for the client, the bus and the clock at once.</summary>
internal interface IDiscoverySignals
{
    /// <summary>Waits for the next signal.</summary>
    /// <param name="limit">For how long at most, or null for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    DiscoverySignal Next(TimeSpan? limit, CancellationToken cancellationToken);
}
