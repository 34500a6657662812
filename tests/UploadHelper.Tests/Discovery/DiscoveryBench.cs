using System.Text.Json;
using UploadHelper.Core.Timing;
using UploadHelper.Core.Usb;
using UploadHelper.Discovery;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.InProcess;

namespace UploadHelper.Tests.Discovery;

/// <summary>A discovery in this process, with a virtual board and in virtual time.</summary>
internal sealed class DiscoveryBench : IDisposable
{
    public const string Hello = "HELLO 1 \"arduino-cli 1.2.3\"";

    private readonly SimulatedSystem _system;
    private readonly List<Step> _steps = [];

    public DiscoveryBench(string board)
    {
        _system = new SimulatedSystem(SimulationOptions.Parse(board, StartState.Bootloader), _ => { });
        Bus = _system.Usb;
    }

    public Board Board => _system.Board;

    public VirtualClock Clock => _system.Clock;

    public IUsbBus Bus { get; set; }

    /// <summary>What was said, each with the time at which it was.</summary>
    public List<(TimeSpan At, JsonElement Message)> Said { get; } = [];

    public IEnumerable<string> EventTypes => Said.Select(s => s.Message.GetProperty("eventType").GetString()!);

    /// <summary>Adds lines of the client to the script, one right after the other.</summary>
    public DiscoveryBench Say(params string[] lines)
    {
        _steps.AddRange(lines.Select(l => new Step(TimeSpan.Zero, Line: l)));
        return this;
    }

    /// <summary>Adds something to the script that happens on the bus, or anywhere else.</summary>
    public DiscoveryBench Do(Action happening)
    {
        _steps.Add(new Step(TimeSpan.Zero, Action: happening));
        return this;
    }

    /// <summary>Adds a pause to the script.</summary>
    public DiscoveryBench Wait(double seconds)
    {
        _steps.Add(new Step(TimeSpan.FromSeconds(seconds), Action: () => { }));
        return this;
    }

    /// <summary>Follows the script to its end.</summary>
    public DiscoveryBench Run()
    {
        var session = new DiscoverySession(Bus, _system.Clock, line => Said.Add((_system.Clock.Now, JsonDocument.Parse(line).RootElement)));
        new DiscoveryLoop(session, new ScriptedClient(_system.Clock, _steps), _system.Clock).Run(CancellationToken.None);
        return this;
    }

    public void Dispose() => _system.Dispose();
}

/// <summary>One step of a script.</summary>
/// <param name="Wait">The time since the step before.</param>
/// <param name="Line">What the client sends, or null.</param>
/// <param name="Action">What happens on the bus, or null.</param>
internal sealed record Step(TimeSpan Wait, string? Line = null, Action? Action = null);

/// <summary>A client and a bus that follow a script, in virtual time.</summary>
/// <param name="clock">The clock.</param>
/// <param name="steps">The script; at its end the client closes the stream.</param>
internal sealed class ScriptedClient(VirtualClock clock, IEnumerable<Step> steps) : IDiscoveryClient
{
    private readonly Queue<Step> _steps = new(steps);
    private TimeSpan _since;

    public DiscoveryInput Receive(TimeSpan? limit, CancellationToken cancellationToken)
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
            step.Action?.Invoke();
            if (step.Line is not null)
            {
                return new DiscoveryInput(DiscoveryInputKind.Line, step.Line);
            }
        }

        if (_steps.Count == 0)
        {
            return new DiscoveryInput(DiscoveryInputKind.End);
        }

        clock.Wait(until - clock.Now, cancellationToken);
        return new DiscoveryInput(DiscoveryInputKind.Timeout);
    }
}
