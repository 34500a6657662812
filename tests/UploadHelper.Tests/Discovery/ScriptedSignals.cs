using UploadHelper.Core.Timing;
using UploadHelper.Discovery;
using UploadHelper.VirtualBoard.InProcess;

namespace UploadHelper.Tests.Discovery;

/// <summary>One thing that happens to a discovery.</summary>
/// <param name="Wait">How long after the one before.</param>
/// <param name="Line">What the client sends, or null.</param>
/// <param name="World">What happens on the bus, or null.</param>
internal sealed record Step(TimeSpan Wait, string? Line = null, Action? World = null);

/// <summary>A client and a world that follow a script, in virtual time.</summary>
/// <param name="clock">The clock.</param>
/// <param name="steps">The script; behind its end the stream is closed.</param>
/// <param name="tells">Whether the system tells of changes on the bus.</param>
internal sealed class ScriptedSignals(VirtualClock clock, IEnumerable<Step> steps, bool tells) : IDiscoverySignals
{
    private readonly Queue<Step> _steps = new(steps);
    private TimeSpan _since;

    public DiscoverySignal Next(TimeSpan? limit, CancellationToken cancellationToken)
    {
        var until = limit is { } some ? clock.Now + some : TimeSpan.MaxValue;
        while (_steps.TryPeek(out var step))
        {
            var due = _since + step.Wait;
            if (due > until)
            {
                break;
            }

            clock.Wait(due - clock.Now, cancellationToken);
            _since = clock.Now;
            _steps.Dequeue();
            step.World?.Invoke();
            if (step.Line is not null)
            {
                return new DiscoverySignal(DiscoverySignalKind.Line, step.Line);
            }

            if (tells)
            {
                return new DiscoverySignal(DiscoverySignalKind.BusChanged);
            }
        }

        if (_steps.Count == 0)
        {
            return new DiscoverySignal(DiscoverySignalKind.End);
        }

        clock.Wait(until - clock.Now, cancellationToken);
        return new DiscoverySignal(DiscoverySignalKind.TimeIsOver);
    }
}
