using System.Text.Json;
using UploadHelper.Core.Usb;
using UploadHelper.Discovery;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Tests.Discovery;

/// <summary>A discovery in this process, with a virtual board and in virtual time.</summary>
internal sealed class DiscoveryBench : IDisposable
{
    public const string Hello = "HELLO 1 \"arduino-cli 1.2.3\"";

    private readonly SimulatedSystem _system;
    private readonly bool _tells;
    private readonly List<Step> _steps = [];

    public DiscoveryBench(string board, bool tells = false)
    {
        _system = new SimulatedSystem(SimulationOptions.Parse(board, StartState.Bootloader), _ => { });
        _tells = tells;
        Bus = _system.Usb;
    }

    public Board Board => _system.Board;

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
        _steps.Add(new Step(TimeSpan.Zero, World: happening));
        return this;
    }

    /// <summary>Adds a pause to the script.</summary>
    public DiscoveryBench Wait(double seconds)
    {
        _steps.Add(new Step(TimeSpan.FromSeconds(seconds), World: () => { }));
        return this;
    }

    /// <summary>Follows the script to its end.</summary>
    public DiscoveryBench Run()
    {
        var session = new DiscoverySession(Bus, _system.Clock, line => Said.Add((_system.Clock.Now, JsonDocument.Parse(line).RootElement)));
        new DiscoveryLoop(session, new ScriptedSignals(_system.Clock, _steps, _tells), new LookPace(_tells), _system.Clock).Run(CancellationToken.None);
        return this;
    }

    public void Dispose() => _system.Dispose();
}
