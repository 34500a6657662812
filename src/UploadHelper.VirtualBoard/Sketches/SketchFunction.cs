using System.Buffers.Binary;
using System.Text;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Sketches;

/// <summary>The serial port of a running sketch: a CDC ACM device (USB CDC PSTN 1.2) with its core's reset rule.</summary>
public sealed class SketchFunction : UsbFunction
{
    /// <summary>The bulk OUT endpoint.</summary>
    public const byte OutEndpoint = 0x03;

    /// <summary>The bulk IN endpoint.</summary>
    public const byte InEndpoint = 0x81;

    private const byte NotificationEndpoint = 0x82;
    private const byte SetLineCoding = 0x20;
    private const byte GetLineCoding = 0x21;
    private const byte SetControlLineState = 0x22;
    private readonly IMicrocontroller _board;
    private readonly IResetRule _rule;
    private readonly BootCause _afterMagic;
    private readonly byte[] _greeting;
    private readonly Queue<byte> _toHost = new();
    private byte[] _lineCoding = [0x00, 0xC2, 0x01, 0x00, 0, 0, 8]; // 115200 8N1
    private bool _dtr;

    /// <summary>A sketch that has just enumerated.</summary>
    /// <param name="board">The board.</param>
    /// <param name="core">The core it was built with.</param>
    /// <param name="name">What it prints when a host opens its port.</param>
    public SketchFunction(IMicrocontroller board, SketchCore core, string name)
        : base(Describe(core))
    {
        _board = board;
        _rule = core.CreateRule();
        _afterMagic = core.ResetCause;
        _greeting = Encoding.ASCII.GetBytes($"sketch {name}\r\n");
    }

    /// <summary>Bytes of the reset sequence that reached the sketch as data.</summary>
    public int StrayBytes { get; private set; }

    /// <inheritdoc/>
    public override bool BulkOut(byte endpoint, ReadOnlySpan<byte> packet)
    {
        if (_rule.IsWedged)
        {
            return false;
        }

        if (_rule.Packet(packet))
        {
            _board.Reset("magic", _afterMagic);
        }
        else
        {
            StrayBytes += packet.Length;
            _board.Log(BoardEventKind.Request, $"sketch receives {packet.Length} bytes{(_rule.IsWedged ? " with DTR low, and stops reading" : "")}");
        }

        return true;
    }

    /// <inheritdoc/>
    public override byte[]? BulkIn(byte endpoint, int maxLength)
    {
        if (endpoint != InEndpoint || _toHost.Count == 0)
        {
            return null;
        }

        var packet = new byte[Math.Min(Math.Min(maxLength, 64), _toHost.Count)];
        for (var i = 0; i < packet.Length; i++)
        {
            packet[i] = _toHost.Dequeue();
        }

        return packet;
    }

    /// <inheritdoc/>
    protected override ControlReply Class(UsbSetup setup, ReadOnlySpan<byte> data)
    {
        switch ((setup.RequestType, setup.Request))
        {
            case (0x21, SetLineCoding) when data.Length == _lineCoding.Length:
                _lineCoding = data.ToArray();
                return Done();
            case (0xA1, GetLineCoding):
                return Done(_lineCoding.AsMemory(0, Math.Min(_lineCoding.Length, setup.Length)));
            case (0x21, SetControlLineState):
                Lines((setup.Value & 1) != 0);
                return Done();
            default:
                return Stall();
        }
    }

    private void Lines(bool dtr)
    {
        if (_rule.Lines(dtr, BinaryPrimitives.ReadInt32LittleEndian(_lineCoding)))
        {
            _board.Reset("touch", _afterMagic);
        }

        if (dtr && !_dtr && _toHost.Count == 0)
        {
            Array.ForEach(_greeting, _toHost.Enqueue);
        }

        _dtr = dtr;
    }

    private static UsbIdentity Describe(SketchCore core) => new(
        core.Id.Vendor,
        core.Id.Product,
        UsbRelease: 0x0200,
        Release: 0x0200,
        DeviceClass: 2,
        core.Strings,
        UsbIdentity.Configure(
            interfaces: 2,
            attributes: 0xC0,
            [9, 4, 0, 0, 1, 2, 2, 1, 0], // communication interface, abstract control model
            [5, 0x24, 0, 0x10, 0x01], // header, CDC 1.10
            [5, 0x24, 1, 0, 1], // call management by interface 1
            [4, 0x24, 2, 2], // line coding and control lines
            [5, 0x24, 6, 0, 1], // union of interfaces 0 and 1
            [7, 5, NotificationEndpoint, 3, 16, 0, 255],
            [9, 4, 1, 0, 2, 0x0A, 0, 0, 0], // data interface
            [7, 5, OutEndpoint, 2, 64, 0, 0],
            [7, 5, InEndpoint, 2, 64, 0, 0]));
}
