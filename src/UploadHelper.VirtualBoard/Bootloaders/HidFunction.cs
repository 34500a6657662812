using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>
/// The HID bootloader for the F1 (Serasidis/STM32_HID_Bootloader at 063e25e, bootloader/F1: hid.c, usb.c, flash.c, main.c). It goes by
/// bRequest alone, takes all data on endpoint 0 for a report, in packets of 8 bytes, and checks no address. It writes pages inside
/// the interrupt: meanwhile the USB peripheral acknowledges no SETUP packet (RM0008, 23.4.2: CTR_RX is still set).
/// </summary>
public sealed class HidFunction : UsbFunction
{
    /// <summary>bRequest of SET_REPORT (HID 1.11, 7.2); also of SET_CONFIGURATION.</summary>
    public const byte SetReport = 9;

    private const int PacketSize = 8;
    private const int CommandSize = 64;
    private const int Block = 1024;
    private const byte InEndpoint = 0x81;

    // main() looks for the command after each 400 turns of a loop at 72 MHz.
    private static readonly TimeSpan Noticed = TimeSpan.FromMilliseconds(0.1);
    private static readonly byte[] Answer = [.. "BTLDCMD"u8, 2];

    private readonly IMicrocontroller _board;
    private readonly HidBuild _build;
    private readonly byte[] _packet = new byte[PacketSize];
    private readonly byte[] _page;
    private byte _current;
    private int _offset;
    private bool _hasAnswer;
    private bool _wasConfigured;
    private bool _isDeaf;
    private TimeSpan? _busyUntil;
    private TimeSpan? _leavesAt;

    /// <summary>The bootloader, just started.</summary>
    /// <param name="board">The board.</param>
    /// <param name="build">Which build.</param>
    public HidFunction(IMicrocontroller board, HidBuild build)
        : base(HidBuild.F1Identity(build.Release))
    {
        _board = board;
        _build = build;
        _page = new byte[build.PageSize];
        _current = build.FirstPage;
    }

    /// <inheritdoc/>
    public override bool IsBootloader => true;

    /// <inheritdoc/>
    public override TimeSpan? NextEventAt => _leavesAt ?? _busyUntil;

    /// <inheritdoc/>
    public override void AdvanceTo(TimeSpan now)
    {
        if (now >= _busyUntil)
        {
            _busyUntil = null;
        }

        if (now >= _leavesAt)
        {
            _leavesAt = null;
            _board.Reset("command 1", BootCause.Software);
        }
    }

    /// <inheritdoc/>
    public override void BusReset()
    {
        base.BusReset();
        _current = _build.FirstPage;
        _offset = 0;
        _hasAnswer = false;
        _isDeaf = false;
    }

    /// <inheritdoc/>
    /// <remarks>USB_LP_CAN1_RX0_IRQHandler() then clears the device's address.</remarks>
    public override void Suspend() => _isDeaf = true;

    /// <inheritdoc/>
    public override byte[]? BulkIn(byte endpoint, int maxLength)
    {
        if (endpoint != InEndpoint || !_hasAnswer || _isDeaf || _board.Now < _busyUntil)
        {
            return null;
        }

        _hasAnswer = false;
        return Answer[..Math.Min(Answer.Length, maxLength)];
    }

    /// <inheritdoc/>
    public override ControlReply Control(UsbSetup setup, ReadOnlySpan<byte> data)
    {
        if (_isDeaf || _board.Now < _busyUntil)
        {
            return new ControlReply(ControlOutcome.NoHandshake, default, default);
        }

        setup.Write(_packet);
        var reply = Answered(setup);
        var took = TimeSpan.Zero;
        for (; !data.IsEmpty; data = data[Math.Min(PacketSize, data.Length)..])
        {
            // Packets that follow wait until the page is written.
            reply = reply with { Busy = reply.Busy + took };
            data[..Math.Min(PacketSize, data.Length)].CopyTo(_packet);
            took = Take();
        }

        // Those of the status stage need nothing from the processor.
        _busyUntil = took > TimeSpan.Zero ? _board.Now + reply.Busy + took : _busyUntil;
        return reply;
    }

    /// <inheritdoc/>
    protected override ControlReply Class(UsbSetup setup, ReadOnlySpan<byte> data) => Answered(setup);

    // USB_EPHandler(): SET_IDLE is answered as GET_INTERFACE, GET_REPORT is refused as CLEAR_FEATURE.
    private ControlReply Answered(UsbSetup setup)
    {
        switch ((StandardRequest)setup.Request)
        {
            case StandardRequest.SetAddress or StandardRequest.GetInterface:
                return Done();
            case StandardRequest.SetConfiguration:
                Configuration = 1;
                _wasConfigured = true;
                return Done();
            case StandardRequest.GetDescriptor:
                return Cut(setup, Descriptor(setup.Value));
            case StandardRequest.GetStatus:
                return Cut(setup, [0, 0]);
            case StandardRequest.GetConfiguration:
                return Cut(setup, [_wasConfigured ? (byte)1 : (byte)0]);
            default:
                return Stall();
        }
    }

    private byte[] Descriptor(ushort value) => (value >> 8) switch
    {
        1 => Identity.DeviceDescriptor(),
        2 => Identity.Configuration,
        3 => Identity.StringDescriptor(value & 0xFF) ?? [],
        0x22 => HidBuild.F1Report,
        _ => [],
    };

    // HIDUSB_HandleData(). A shorter packet brings along what is in the buffer behind it.
    private TimeSpan Take()
    {
        var took = TimeSpan.Zero;
        _packet.CopyTo(_page, _offset);
        _offset += PacketSize;
        if (_offset == CommandSize)
        {
            Execute();
        }
        else if (_offset >= _page.Length)
        {
            took = WritePage();
            _current++;
            _offset = 0;
            SendAnswer();
        }

        if (_build.AnswersReset && (_offset == Block || (_offset == 0 && took == TimeSpan.Zero)))
        {
            SendAnswer();
        }

        return took;
    }

    // HIDUSB_PacketIsCommand(): anything else is data.
    private void Execute()
    {
        if (!_page.AsSpan(0, CommandSize).StartsWith("BTLDCMD"u8) || _page.AsSpan(Answer.Length, CommandSize - Answer.Length).ContainsAnyExcept((byte)0))
        {
            return;
        }

        switch (_page[Answer.Length - 1])
        {
            case 0:
                _current = _build.FirstPage;
                _offset = 0;
                break;
            case 1:
                _leavesAt = _board.Now + Noticed;
                break;
        }
    }

    private void SendAnswer() => _hasAnswer |= _wasConfigured;

    // FLASH_WritePage(): checks nothing.
    private TimeSpan WritePage()
    {
        var flash = _board.Flash;
        var address = flash.Base + _current * (uint)_page.Length;
        if (_current < _build.FirstPage)
        {
            _board.Log(BoardEventKind.Violation, $"page {_current}: the counter has wrapped, and this is the bootloader");
        }

        if (!flash.Contains(address, _page.Length))
        {
            _board.Log(BoardEventKind.Violation, $"write at 0x{address:X8}: no flash there");
            _board.Hang("fault in the bootloader");
            return TimeSpan.Zero;
        }

        var sector = flash.SectorAt(address);
        _board.Log(BoardEventKind.Flash, $"erase sector {sector} at 0x{flash.Part.Sectors[sector].Address:X8}");
        var took = flash.Erase(sector);
        _board.Log(BoardEventKind.Flash, $"program {_page.Length} bytes at 0x{address:X8}");
        took += flash.Program(address, _page);
        if (_current < _build.FirstPage)
        {
            _board.Hang("the bootloader has erased itself");
        }

        return took;
    }
}
