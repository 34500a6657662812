using System.Buffers.Binary;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.InProcess;

/// <summary>The serial ports of virtual boards while their sketches run: "sim", "sim2" and so on.</summary>
/// <param name="clock">The clock of all boards.</param>
/// <param name="boards">The boards.</param>
public sealed class InProcessSerialPorts(VirtualClock clock, params IReadOnlyList<IUsbPort> boards) : ISerialPorts
{
    /// <summary>The name of the first board's port.</summary>
    public const string FirstName = "sim";

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

        return ports;
    }

    /// <inheritdoc/>
    public ISerialLine Open(string name, int baudRate)
    {
        for (var i = 0; i < boards.Count; i++)
        {
            if (PortNames.Same(NameOf(i), name) && DeviceOn(boards[i]) is { } device && CdcEndpoints.Find(device.ConfigurationDescriptor.Span) is { } endpoints)
            {
                return new Line(boards[i], device.Generation, endpoints, clock, baudRate);
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

    /// <summary>A line as Linux's cdc_acm drives it: opening raises both lines, an unchanged line sends nothing, closing drops both.</summary>
    private sealed class Line : ISerialLine
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
                Request(0x20, 0, coding);
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
                Request(0x22, (ushort)((dtr ? 1 : 0) | (rts ? 2 : 0)), []);
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
}
