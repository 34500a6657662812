using UploadHelper.Core.Timing;

namespace UploadHelper.Discovery;

/// <summary>Lets the time of a virtual world pass with that of the real one, while signals of the real one are waited for.</summary>
/// <param name="signals">The real signals.</param>
/// <param name="real">The real clock.</param>
/// <param name="virtualTime">The virtual clock; a wait on it moves it.</param>
internal sealed class VirtualTimeSignals(IDiscoverySignals signals, TimeProvider real, TimeProvider virtualTime) : IDiscoverySignals
{
    /// <inheritdoc/>
    public DiscoverySignal Next(TimeSpan? limit, CancellationToken cancellationToken)
    {
        var start = real.GetTimestamp();
        var signal = signals.Next(limit, cancellationToken);
        virtualTime.Wait(real.GetElapsedTime(start), cancellationToken);
        return signal;
    }
}
