using UploadHelper.Core.Diagnosis;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.Tracing;
using UploadHelper.VirtualBoard.InProcess;

namespace UploadHelper.Tests.Recordings;

/// <summary>The program does something else than was recorded.</summary>
internal sealed class ReplayException(string message) : Exception(message);

/// <summary>
/// Devices and serial ports that answer as a recording says, in virtual time: real hardware, once more. Whatever is not next in the
/// recording throws a <see cref="ReplayException"/>, and stays in <see cref="Difference"/>.
/// </summary>
internal sealed class Replay(Recording recording) : IUsbBus, ISerialPorts
{
    private readonly List<TraceEvent> _events = [.. recording.Events.Where(e => e.Operation is not (TraceOperation.Request or TraceOperation.File or TraceOperation.Outcome or TraceOperation.Unknown))];
    private readonly TransferWords _words = new(new RecordedBoards(recording));
    private IReadOnlyList<UsbDeviceInfo> _devices = [];
    private IReadOnlyList<SerialPortInfo> _ports = [];
    private int _next;

    /// <summary>The clock that the program must use.</summary>
    public VirtualClock Clock { get; } = new();

    /// <summary>The first difference, in words; null if there is none.</summary>
    public string? Difference { get; private set; }

    /// <summary>What of the recording has not happened again; null if all has.</summary>
    public string? Missing
    {
        get
        {
            Update(all: true);
            return _next == _events.Count ? null : $"The recording goes on with {Place(_next)}: {Words(_events[_next])}";
        }
    }

    IReadOnlyList<UsbDeviceInfo> IUsbBus.List()
    {
        Update(all: false);
        return _devices;
    }

    public IUsbDevice Open(UsbDeviceInfo device)
    {
        var opened = Next(new TraceEvent(TraceOperation.Open) { Device = device.Number, Argument = device.Number });
        return new OpenedDevice(this, device, canReset: opened.Text != "reset");
    }

    IReadOnlyList<SerialPortInfo> ISerialPorts.List()
    {
        Update(all: false);
        return _ports;
    }

    public ISerialLine Open(string name, int baudRate) => Line(name, $"{baudRate} 8N1");

    public IUartLine OpenUart(string name, int baudRate) => Line(name, $"{baudRate} 8E1");

    private OpenedLine Line(string name, string format)
    {
        var opened = Next(new TraceEvent(TraceOperation.SerialOpen) { Name = name, Text = format });
        return new OpenedLine(this, name, opened.Text.EndsWith(TraceWriter.Acknowledged, StringComparison.Ordinal));
    }

    // Lists change when they did in the recording; at the latest before the next thing that happened after that.
    private void Update(bool all)
    {
        for (; _next < _events.Count && _events[_next] is var e && e.Operation is TraceOperation.Devices or TraceOperation.Ports && (all || e.At <= Clock.Now); _next++)
        {
            if (e.Operation == TraceOperation.Devices)
            {
                _devices = e.Devices;
            }
            else
            {
                _ports = [.. e.Ports.Select(p => new SerialPortInfo(p.Name, p.Id?.Vendor, p.Id?.Product, p.SerialNumber, p.Path) { Product = p.Product })];
            }
        }
    }

    private TraceEvent Next(TraceEvent tried)
    {
        Update(all: true);
        if (_next == _events.Count)
        {
            throw Differs("is over", tried);
        }

        var e = _events[_next];
        if (e.Operation != tried.Operation || !IsSame(e, tried))
        {
            throw Differs($"has \"{Words(e)}\" at {Place(_next)}", tried);
        }

        _next++;
        Words(e);
        var end = e.At ?? Clock.Now + e.Took;
        Clock.Advance(end > Clock.Now ? end - Clock.Now : e.Took);
        if (e.Fault is { } fault)
        {
            throw Enum.TryParse<UsbFault>(fault, out var usb) && e.Name.Length == 0
                ? new UsbException(usb, "As in the recording.")
                : new SerialException(Enum.Parse<SerialFault>(fault), "As in the recording.");
        }

        return e;
    }

    private static bool IsSame(TraceEvent e, TraceEvent tried) => e.Operation switch
    {
        TraceOperation.Control => e.Setup == tried.Setup && (e.Setup.IsIn || e.Data.Span.SequenceEqual(tried.Data.Span)),
        TraceOperation.SerialOpen => e.Name == tried.Name && e.Text.StartsWith(tried.Text, StringComparison.Ordinal),
        TraceOperation.SerialWrite => e.Name == tried.Name && e.Data.Span.SequenceEqual(tried.Data.Span),
        TraceOperation.SerialSet => e.Name == tried.Name && e.Text == tried.Text,
        TraceOperation.SerialRead or TraceOperation.SerialClose => e.Name == tried.Name,
        TraceOperation.Reset => true,
        _ => e.Argument == tried.Argument,
    };

    private ReplayException Differs(string recorded, TraceEvent tried)
    {
        var data = tried.Operation == TraceOperation.Control && _next < _events.Count && _events[_next].Setup == tried.Setup && tried.Data.Length > 0
            ? $", with other bytes from byte {tried.Data.Span.CommonPrefixLength(_events[_next].Data.Span)} on" : "";
        Difference ??= $"The recording {recorded}; this version does \"{Words(tried)}\"{data}.";
        return new ReplayException(Difference);
    }

    private string Words(TraceEvent e) => _words.Of(e).Text;

    private string Place(int index) => $"step {index + 1}{(_events[index].At is { } at ? $" ({at.TotalSeconds:0.000} s)" : "")}";

    private sealed class OpenedDevice(Replay replay, UsbDeviceInfo info, bool canReset) : IUsbDevice
    {
        public UsbDeviceInfo Info => info;

        public bool CanReset => canReset;

        public void Claim(byte interfaceNumber) => replay.Next(Event(TraceOperation.Claim, interfaceNumber));

        public void SetAlternateSetting(byte interfaceNumber, byte alternateSetting) => replay.Next(Event(TraceOperation.Alternate, alternateSetting));

        public int ControlIn(UsbSetup setup, Span<byte> buffer, TimeSpan timeout) => Copy(replay.Next(Event(TraceOperation.Control, 0) with { Setup = setup }), buffer);

        public void ControlOut(UsbSetup setup, ReadOnlySpan<byte> data, TimeSpan timeout) =>
            replay.Next(Event(TraceOperation.Control, 0) with { Setup = setup, Data = data.ToArray() });

        public int InterruptIn(byte endpoint, Span<byte> buffer, TimeSpan timeout) => Copy(replay.Next(Event(TraceOperation.Interrupt, endpoint)), buffer);

        public void Reset() => replay.Next(Event(TraceOperation.Reset, 0));

        public void Dispose()
        {
        }

        private TraceEvent Event(TraceOperation operation, int argument) => new(operation) { Device = info.Number, Argument = argument };
    }

    private sealed class OpenedLine(Replay replay, string name, bool isAcknowledged) : IUartLine
    {
        public bool IsAcknowledged => isAcknowledged;

        public void SetDtr(bool high) => Set(high ? "dtr" : "-dtr");

        public void SetRts(bool high) => Set(high ? "rts" : "-rts");

        public void SetBaudRate(int baudRate) => Set($"{baudRate}");

        public void Write(ReadOnlySpan<byte> data, TimeSpan limit) => replay.Next(new TraceEvent(TraceOperation.SerialWrite) { Name = name, Data = data.ToArray() });

        public int Read(Span<byte> buffer, TimeSpan limit) => Copy(replay.Next(new TraceEvent(TraceOperation.SerialRead) { Name = name }), buffer);

        public void Discard()
        {
        }

        // Closing a port throws nothing; a difference stays where the test looks for it.
        public void Dispose()
        {
            try
            {
                replay.Next(new TraceEvent(TraceOperation.SerialClose) { Name = name });
            }
            catch (Exception e) when (e is ReplayException or SerialException)
            {
            }
        }

        private void Set(string text) => replay.Next(new TraceEvent(TraceOperation.SerialSet) { Name = name, Text = text });
    }

    private static int Copy(TraceEvent e, Span<byte> buffer)
    {
        var length = Math.Min(e.Data.Length, buffer.Length);
        e.Data.Span[..length].CopyTo(buffer);
        return length;
    }
}
