using System.Buffers.Binary;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.InProcess;

/// <summary>
/// The serial ports of virtual boards while their sketches run: "sim", "sim2" and so on; and those of serial adapters at boards: "uart",
/// "uart2" and so on.
/// </summary>
/// <param name="clock">The clock of all boards.</param>
/// <param name="boards">The boards.</param>
public sealed class InProcessSerialPorts(VirtualClock clock, params IReadOnlyList<IUsbPort> boards) : ISerialPorts
{
    /// <summary>The name of the first board's port.</summary>
    public const string FirstName = "sim";

    /// <summary>The name of the first adapter's port.</summary>
    public const string FirstAdapterName = "uart";

    // A CH340, as it is on most cheap adapters; its data sheet ends at 2 Mbaud.
    private const int HighestBaudRate = 2_000_000;
    private const ushort AdapterVendor = 0x1A86;
    private const ushort AdapterProduct = 0x7523;

    /// <summary>The serial adapters, each with its board.</summary>
    public IReadOnlyList<(IUsbPort Board, SerialAdapter Adapter)> Adapters { get; init; } = [];

    /// <inheritdoc/>
    public IReadOnlyList<SerialPortInfo> List()
    {
        var ports = new List<SerialPortInfo>();
        for (var i = 0; i < boards.Count; i++)
        {
            if (DeviceOn(boards[i]) is { } device && CdcEndpoints.Find(device.ConfigurationDescriptor.Span) is not null)
            {
                ports.Add(Describe(i, device));
            }
        }

        ports.AddRange(Adapters.Select((a, i) => (a.Adapter, Name: AdapterNameOf(i))).Where(a => !a.Adapter.IsPulled).Select(a =>
            new SerialPortInfo(a.Name, AdapterVendor, AdapterProduct, null, null) { Product = "USB Serial" }));
        return ports;
    }

    /// <inheritdoc/>
    public ISerialLine Open(string name, int baudRate) => Open(name, new SerialFormat(baudRate, EvenParity: false));

    /// <inheritdoc/>
    public IUartLine OpenUart(string name, int baudRate) => Open(name, new SerialFormat(baudRate, EvenParity: true));

    private IUartLine Open(string name, SerialFormat format)
    {
        for (var i = 0; i < Adapters.Count; i++)
        {
            if (PortNames.Same(AdapterNameOf(i), name) && !Adapters[i].Adapter.IsPulled)
            {
                return format.BaudRate > HighestBaudRate
                    ? throw new SerialException(SerialFault.Io, $"The adapter does not take {format.BaudRate} baud.")
                    : new AdapterLine(Adapters[i].Board, Adapters[i].Adapter, clock, format);
            }
        }

        for (var i = 0; i < boards.Count; i++)
        {
            if (PortNames.Same(NameOf(i), name) && DeviceOn(boards[i]) is { } device && CdcEndpoints.Find(device.ConfigurationDescriptor.Span) is { } endpoints)
            {
                return new Line(boards[i], device.Generation, endpoints, clock, format.BaudRate);
            }
        }

        throw new SerialException(SerialFault.NotFound, $"There is no serial port {name}.");
    }

    private AttachedDevice? DeviceOn(IUsbPort board)
    {
        lock (board)
        {
            board.AdvanceTo(clock.Now);
            return board.Attached;
        }
    }

    private static SerialPortInfo Describe(int board, AttachedDevice device)
    {
        var d = device.DeviceDescriptor.Span;
        return new SerialPortInfo(
            NameOf(board),
            BinaryPrimitives.ReadUInt16LittleEndian(d[8..]),
            BinaryPrimitives.ReadUInt16LittleEndian(d[10..]),
            device.SerialNumber,
            InProcessBus.PathOf(board, device))
        {
            Product = device.Product,
        };
    }

    private static string NameOf(int index) => index == 0 ? FirstName : $"{FirstName}{index + 1}";

    private static string AdapterNameOf(int index) => index == 0 ? FirstAdapterName : $"{FirstAdapterName}{index + 1}";

    /// <summary>A line as Linux's cdc_acm drives it: opening raises both lines, an unchanged line sends nothing, closing drops both.</summary>
    private sealed class Line : IUartLine
    {
        private static readonly TimeSpan NakStep = TimeSpan.FromMilliseconds(5);
        private readonly IUsbPort _board;
        private readonly int _generation;
        private readonly CdcEndpoints _endpoints;
        private readonly VirtualClock _clock;
        private int _baudRate;
        private bool _dtr;
        private bool _rts;
        private bool _closed;

        public Line(IUsbPort board, int generation, CdcEndpoints endpoints, VirtualClock clock, int baudRate)
        {
            (_board, _generation, _endpoints, _clock) = (board, generation, endpoints, clock);
            SetBaudRate(baudRate);
            Lines(dtr: true, rts: true);
        }

        public bool IsAcknowledged => true;

        public void SetDtr(bool high) => Lines(high, _rts);

        public void SetRts(bool high) => Lines(_dtr, high);

        public void SetBaudRate(int baudRate)
        {
            ThrowIfGone();
            if (baudRate != _baudRate)
            {
                _baudRate = baudRate;
                var coding = new byte[7];
                BinaryPrimitives.WriteInt32LittleEndian(coding, baudRate);
                coding[6] = 8;
                Request(CdcEndpoints.SetLineCoding, 0, coding);
            }
        }

        public void Write(ReadOnlySpan<byte> data, TimeSpan limit)
        {
            var start = _clock.Now;
            while (!data.IsEmpty)
            {
                var packet = data[..Math.Min(_endpoints.PacketSize, data.Length)];
                if (Send(packet))
                {
                    data = data[packet.Length..];
                    Pass(BusModel.TransferTime);
                }
                else if (_clock.Now - start >= limit)
                {
                    throw new SerialException(SerialFault.Timeout, "The sketch did not accept the bytes in time.");
                }
                else
                {
                    Pass(NakStep);
                }
            }
        }

        public int Read(Span<byte> buffer, TimeSpan limit)
        {
            var deadline = _clock.Now + limit;
            while (true)
            {
                if (Fetch(buffer.Length) is { } packet)
                {
                    packet.CopyTo(buffer);
                    return packet.Length;
                }

                if (_clock.Now >= deadline)
                {
                    return 0;
                }

                Pass(NakStep);
            }
        }

        public void Discard()
        {
            while (Fetch(_endpoints.PacketSize) is not null)
            {
            }
        }

        public void Dispose()
        {
            if (!_closed && IsThere())
            {
                Lines(dtr: false, rts: false);
            }

            _closed = true;
        }

        private void Lines(bool dtr, bool rts)
        {
            ThrowIfGone();
            if ((dtr, rts) != (_dtr, _rts))
            {
                (_dtr, _rts) = (dtr, rts);
                Request(CdcEndpoints.SetControlLineState, (ushort)((dtr ? 1 : 0) | (rts ? 2 : 0)), []);
            }
        }

        private byte[]? Fetch(int most)
        {
            lock (_board)
            {
                ThrowIfGone();
                return _board.BulkIn(_endpoints.In, most);
            }
        }

        private bool Send(ReadOnlySpan<byte> packet)
        {
            lock (_board)
            {
                ThrowIfGone();
                return _board.BulkOut(_endpoints.Out, packet);
            }
        }

        private void Request(byte request, ushort value, byte[] data)
        {
            lock (_board)
            {
                _board.Control(new UsbSetup(0x21, request, value, _endpoints.ControlInterface, (ushort)data.Length), data);
            }

            Pass(BusModel.TransferTime);
        }

        private void Pass(TimeSpan duration)
        {
            _clock.Advance(duration);
            lock (_board)
            {
                _board.AdvanceTo(_clock.Now);
            }
        }

        private bool IsThere()
        {
            lock (_board)
            {
                _board.AdvanceTo(_clock.Now);
                return _board.Attached?.Generation == _generation;
            }
        }

        private void ThrowIfGone()
        {
            if (!IsThere())
            {
                throw new SerialException(SerialFault.Gone, "The serial port is gone.");
            }
        }
    }

    /// <summary>A line through a serial adapter: a write returns at once.</summary>
    private sealed class AdapterLine : IUartLine
    {
        private readonly IUsbPort _board;
        private readonly SerialAdapter _adapter;
        private readonly VirtualClock _clock;
        private SerialFormat _format;

        public AdapterLine(IUsbPort board, SerialAdapter adapter, VirtualClock clock, SerialFormat format)
        {
            (_board, _adapter, _clock, _format) = (board, adapter, clock, format);
            Use(() => _adapter.SetLines(dtr: true, rts: true));
        }

        public void SetDtr(bool high) => Use(() => _adapter.SetLines(high, _adapter.Rts));

        public void SetRts(bool high) => Use(() => _adapter.SetLines(_adapter.Dtr, high));

        public void SetBaudRate(int baudRate) => Use(() => _format = _format with { BaudRate = baudRate });

        public void Write(ReadOnlySpan<byte> data, TimeSpan limit)
        {
            lock (_board)
            {
                ThrowIfPulled();
                _board.AdvanceTo(_clock.Now);
                _adapter.Write(data, _format, _clock.Now);
            }
        }

        public int Read(Span<byte> buffer, TimeSpan limit)
        {
            var deadline = _clock.Now + limit;
            while (true)
            {
                var (received, next) = Poll(buffer.Length);
                if (received.Length > 0 || _clock.Now >= deadline)
                {
                    received.CopyTo(buffer);
                    return received.Length;
                }

                _clock.Advance((next > deadline ? deadline : next) - _clock.Now);
            }
        }

        public void Discard() => Use(_adapter.Discard);

        public void Dispose()
        {
            if (!_adapter.IsPulled)
            {
                Use(() => _adapter.SetLines(dtr: false, rts: false));
            }
        }

        // What has come, and when to look again.
        private (byte[] Received, TimeSpan Next) Poll(int most)
        {
            lock (_board)
            {
                ThrowIfPulled();
                _board.AdvanceTo(_clock.Now);
                return (_adapter.Read(most), _board.NextEventAt ?? TimeSpan.MaxValue);
            }
        }

        private void ThrowIfPulled()
        {
            if (_adapter.IsPulled)
            {
                throw new SerialException(SerialFault.Gone, "The serial port is gone.");
            }
        }

        private void Use(Action action)
        {
            lock (_board)
            {
                ThrowIfPulled();
                _board.AdvanceTo(_clock.Now);
                action();
            }
        }
    }
}
