using System.Runtime.Versioning;
using UploadHelper.Core.Serial;
using UploadHelper.Devices;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.InProcess;
using UploadHelper.VirtualBoard.Plug;
using UploadHelper.VirtualBoard.UsbIp;

namespace UploadHelper.Tests.Contracts;

/// <summary>The port of a board in this process.</summary>
public sealed class InProcessSerial() : ModemContract(new Bench())
{
    private sealed class Bench : SerialBench
    {
        private readonly SimulatedSystem _system;

        public Bench() => _system = new SimulatedSystem(Options, Note);

        public override TimeProvider Time => _system.Clock;

        public override ISerialPorts Ports => _system.SerialPorts;

        public override string Find()
        {
            UsbBench.WaitUntil(() =>
            {
                _system.Clock.Advance(TimeSpan.FromMilliseconds(10));
                return Ports.List().Count > 0;
            });
            return InProcessSerialPorts.FirstName;
        }

        public override T Use<T>(Func<Board, T> action) => action(_system.Board);

        public override void Dispose() => _system.Dispose();
    }
}

/// <summary>The system's ports, over a pseudo terminal: without modem lines, and not listed.</summary>
[SupportedOSPlatform("linux")]
public sealed class PseudoTerminalSerial() : SerialContract(new Bench())
{
    private sealed class Bench : SystemBench
    {
        private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        private readonly PseudoTerminal _terminal;

        public Bench() => _terminal = new PseudoTerminal(Runner, _path, Time, _ => { });

        public override string Find()
        {
            UsbBench.WaitUntil(() => File.Exists(_path));
            return _path;
        }

        public override void Dispose()
        {
            _terminal.Dispose();
            base.Dispose();
        }
    }
}

/// <summary>The system's ports, over the kernel's own USB stack: past the serial driver (cdc_acm), which has the port before and after.</summary>
[InRig]
[Collection(InRigAttribute.OneAtATime)]
[SupportedOSPlatform("linux")]
public sealed class SystemSerial() : ModemContract(new PluggedBench(terminals: false));

/// <summary>And over the serial driver, as a user opens a port who may not open the device.</summary>
[InRig]
[Collection(InRigAttribute.OneAtATime)]
[SupportedOSPlatform("linux")]
public sealed class SystemTerminalSerial() : ModemContract(new PluggedBench(terminals: true));

[SupportedOSPlatform("linux")]
internal sealed class PluggedBench : SystemBench
{
    private readonly VhciPlug _plug;

    public PluggedBench(bool terminals)
        : base(terminals) => _plug = new VhciPlug(Runner, Time, _ => { });

    public override string Find()
    {
        SerialPortInfo? port = null;
        UsbBench.WaitUntil(() => (port = Ports.List().FirstOrDefault(p => p.VendorId == 0x0483)) is not null && File.Exists(port.Name));
        return port!.Name;
    }

    public override void Dispose()
    {
        _plug.Dispose();
        UsbBench.WaitUntil(() => !Ports.List().Any(p => p.VendorId == 0x0483));
        base.Dispose();
    }
}

/// <summary>This machine's ports, and a board that lives in real time.</summary>
[SupportedOSPlatform("linux")]
internal abstract class SystemBench : SerialBench
{
    private readonly Board _board;

    protected SystemBench(bool terminals = false)
    {
        _board = BoardFactory.Create(Options, Note);
        Runner = new BoardRunner(_board, Time);
        Ports = terminals ? SystemDevices.Terminals() : new SystemDevices(Time).SerialPorts;
    }

    public override TimeProvider Time => TimeProvider.System;

    public override ISerialPorts Ports { get; }

    protected BoardRunner Runner { get; }

    public override T Use<T>(Func<Board, T> action) => Runner.Use(_ => action(_board));

    public override void Dispose() => Runner.Dispose();
}
