using System.Runtime.Versioning;
using UploadHelper.Core.Serial;
using UploadHelper.Devices;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Plug;
using UploadHelper.VirtualBoard.UsbIp;

namespace UploadHelper.Tests.Contracts;

/// <summary>The port of a board in this process.</summary>
public sealed class InProcessSerial() : ModemContract(new InProcessBench(SerialBench.Sketch));

/// <summary>The adapter at a board in this process.</summary>
public sealed class InProcessUart() : AdapterContract(new InProcessBench(SerialBench.Rom));

internal sealed class InProcessBench : SerialBench
{
    private readonly SimulatedSystem _system;

    public InProcessBench(string board)
        : base(board) => _system = new SimulatedSystem(Options, Note);

    public override TimeProvider Time => _system.Clock;

    public override ISerialPorts Ports => _system.SerialPorts;

    public override string Find()
    {
        UsbBench.WaitUntil(() =>
        {
            _system.Clock.Advance(TimeSpan.FromMilliseconds(10));
            return Ports.List().Count > 0;
        });
        return Ports.List()[0].Name;
    }

    public override T Use<T>(Func<Board, T> action) => action(_system.Board);

    public override void Pull() => (_system.Board.Adapter is { } adapter ? adapter.Pull : (Action)_system.Board.Unplug)();

    public override void Dispose() => _system.Dispose();
}

/// <summary>The system's ports, over a pseudo terminal: without modem lines, and not listed.</summary>
[SupportedOSPlatform("linux")]
public sealed class PseudoTerminalSerial() : SerialContract(new TerminalBench(SerialBench.Sketch));

/// <summary>And over that of an adapter: without modem lines, and without parity.</summary>
[SupportedOSPlatform("linux")]
public sealed class PseudoTerminalUart() : UartContract(new TerminalBench(SerialBench.Rom));

[SupportedOSPlatform("linux")]
internal sealed class TerminalBench : SystemBench
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
    private IDisposable? _terminal;

    public TerminalBench(string board)
        : base(board) => _terminal = Board.Adapter is { } adapter
        ? new AdapterTerminal(Runner, adapter, () => Board.Now, _path, Time, _ => { })
        : new PseudoTerminal(Runner, _path, Time, _ => { });

    public override string Find()
    {
        UsbBench.WaitUntil(() => File.Exists(_path));
        return _path;
    }

    public override void Pull()
    {
        if (Board.Adapter is null)
        {
            base.Pull();
        }
        else
        {
            Close();
        }
    }

    public override void Dispose()
    {
        Close();
        base.Dispose();
    }

    private void Close()
    {
        _terminal?.Dispose();
        _terminal = null;
    }
}

/// <summary>The system's ports, over the kernel's own USB stack: past the serial driver (cdc_acm), which has the port before and after.</summary>
[InRig]
[Collection(InRigAttribute.OneAtATime)]
[SupportedOSPlatform("linux")]
public sealed class SystemSerial() : ModemContract(new PluggedBench(SerialBench.Sketch, terminals: false));

/// <summary>And over the serial driver, as a user opens a port who may not open the device.</summary>
[InRig]
[Collection(InRigAttribute.OneAtATime)]
[SupportedOSPlatform("linux")]
public sealed class SystemTerminalSerial() : ModemContract(new PluggedBench(SerialBench.Sketch, terminals: true));

/// <summary>An adapter over the serial driver.</summary>
[InRig]
[Collection(InRigAttribute.OneAtATime)]
[SupportedOSPlatform("linux")]
public sealed class SystemUart() : AdapterContract(new PluggedBench(SerialBench.Rom, terminals: false));

[SupportedOSPlatform("linux")]
internal sealed class PluggedBench : SystemBench
{
    private readonly ushort _vendor = 0x0483;
    private VhciPlug? _plug;

    public PluggedBench(string board, bool terminals)
        : base(board, terminals)
    {
        var runner = Runner;
        if (Board.Adapter is { } adapter)
        {
            _vendor = 0x1A86;
            runner = Runner.Through(new AdapterUsb(Board, adapter));
        }

        _plug = new VhciPlug(runner, Time, _ => { });
    }

    public override string Find()
    {
        SerialPortInfo? port = null;
        UsbBench.WaitUntil(() => (port = Ports.List().FirstOrDefault(p => p.VendorId == _vendor)) is not null && File.Exists(port.Name));
        return port!.Name;
    }

    public override void Pull()
    {
        if (Board.Adapter is null)
        {
            base.Pull();
        }
        else
        {
            Unplug();
        }
    }

    public override void Dispose()
    {
        Unplug();
        UsbBench.WaitUntil(() => !Ports.List().Any(p => p.VendorId == _vendor));
        base.Dispose();
    }

    private void Unplug()
    {
        _plug?.Dispose();
        _plug = null;
    }
}

/// <summary>This machine's ports, and a board that lives in real time.</summary>
[SupportedOSPlatform("linux")]
internal abstract class SystemBench : SerialBench
{
    protected SystemBench(string board, bool terminals = false)
        : base(board)
    {
        Board = BoardFactory.Create(Options, Note);
        Runner = new BoardRunner(Board, Time);
        Ports = terminals ? SystemDevices.Terminals() : new SystemDevices(Time).SerialPorts;
    }

    public override TimeProvider Time => TimeProvider.System;

    public override ISerialPorts Ports { get; }

    protected Board Board { get; }

    protected BoardRunner Runner { get; }

    public override T Use<T>(Func<Board, T> action) => Runner.Use(_ => action(Board));

    public override void Dispose() => Runner.Dispose();
}
