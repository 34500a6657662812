namespace UploadHelper.Discovery;

/// <summary>Runs a discovery until the client ends it.</summary>
/// <param name="session">The discovery.</param>
/// <param name="signals">Where it waits.</param>
/// <param name="pace">How often the bus is looked at.</param>
/// <param name="time">The clock.</param>
internal sealed class DiscoveryLoop(DiscoverySession session, IDiscoverySignals signals, LookPace pace, TimeProvider time)
{
    /// <summary>Runs until QUIT, or until the client has closed its stream.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void Run(CancellationToken cancellationToken)
    {
        var lookedAt = time.GetTimestamp();
        var pause = pace.After(TimeSpan.Zero);
        while (session.Mode != DiscoveryMode.Dead)
        {
            var signal = signals.Next(session.IsWatching ? Until(lookedAt, pause) : null, cancellationToken);
            switch (signal.Kind)
            {
                case DiscoverySignalKind.End:
                    return;
                case DiscoverySignalKind.Line:
                    session.Obey(signal.Line);
                    break;
                default:
                    lookedAt = time.GetTimestamp();
                    session.Look();
                    pause = pace.After(time.GetElapsedTime(lookedAt));
                    break;
            }
        }
    }

    private TimeSpan Until(long lookedAt, TimeSpan pause)
    {
        var look = pause - time.GetElapsedTime(lookedAt);
        return session.UntilSettled is { } settled && settled < look ? settled : look;
    }
}
