using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>
/// The HID bootloader for the F4 (Serasidis/STM32_HID_Bootloader at 063e25e, bootloader/F4: main.c, usbd_custom_hid_if.c), on ST's
/// middleware. Its main loop takes one packet at a time, and erases and programs there: of the packets that come meanwhile only
/// the last one is left. A packet that begins with the letters of a command is never data.
/// </summary>
public sealed class HidF4Function : UsbFunction
{
    private const int PacketSize = 64;
    private const int Block = 1024;
    private const int FirstBlock = 16;
    private const int Letters = 7;
    private const byte InEndpoint = 0x81;

    // HAL_Delay() before the reset.
    private static readonly TimeSpan ResetsAfter = TimeSpan.FromMilliseconds(100);
    private static readonly byte[] Answer = [.. "BTLDCMD"u8, 2];

    private readonly IMicrocontroller _board;
    private readonly byte[] _report = new byte[PacketSize];
    private readonly byte[] _block = new byte[Block];
    private bool _isWaiting;
    private int _current = FirstBlock;
    private int _offset;
    private int _nextSector = 1;
    private bool _hasAnswer;
    private bool _answersLater;
    private TimeSpan? _busyUntil;
    private TimeSpan? _resetsAt;

    /// <summary>The bootloader, just started.</summary>
    /// <param name="board">The board.</param>
    public HidF4Function(IMicrocontroller board)
        : base(HidBuild.F4Identity()) => _board = board;

    /// <inheritdoc/>
    public override bool IsBootloader => true;

    /// <inheritdoc/>
    public override TimeSpan? NextEventAt => _resetsAt ?? _busyUntil;

    /// <inheritdoc/>
    public override void AdvanceTo(TimeSpan now)
    {
        if (now >= _resetsAt)
        {
            _resetsAt = null;
            _board.Reset("command 1", BootCause.Software);
        }
        else if (now >= _busyUntil)
        {
            _busyUntil = null;

            // USBD_CUSTOM_HID_SendReport() does nothing while the last report is still there.
            _hasAnswer |= _answersLater;
            _answersLater = false;
            if (_isWaiting)
            {
                _isWaiting = false;
                Take();
            }
        }
    }

    /// <inheritdoc/>
    public override byte[]? BulkIn(byte endpoint, int maxLength)
    {
        if (endpoint != InEndpoint || !_hasAnswer)
        {
            return null;
        }

        _hasAnswer = false;
        return Answer[..Math.Min(Answer.Length, maxLength)];
    }

    /// <inheritdoc/>
    protected override ControlReply Standard(UsbSetup setup) =>
        setup is { RequestType: 0x81, Request: (byte)StandardRequest.GetDescriptor, Value: 0x2200 } ? Cut(setup, HidBuild.F4Report) : base.Standard(setup);

    /// <inheritdoc/>
    protected override ControlReply Class(UsbSetup setup, ReadOnlySpan<byte> data)
    {
        const byte SetIdle = 10, SetProtocol = 11;
        switch (setup.Request)
        {
            case HidFunction.SetReport:
                Receive(data);
                return Done();
            case SetIdle or SetProtocol:
                return Done();
            default:
                return Stall();
        }
    }

    // CUSTOM_HID_OutEvent_FS() runs in the interrupt, and overwrites what the main loop has not fetched.
    private void Receive(ReadOnlySpan<byte> data)
    {
        data[..Math.Min(data.Length, PacketSize)].CopyTo(_report);
        if (_resetsAt is not null)
        {
            return;
        }

        if (_board.Now < _busyUntil)
        {
            _board.Log(BoardEventKind.Violation, "a report while it writes to flash");
            _isWaiting = true;
        }
        else
        {
            Take();
        }
    }

    private void Take()
    {
        if (_report.AsSpan().StartsWith("BTLDCMD"u8))
        {
            Execute(_report[Letters]);
            return;
        }

        _report.CopyTo(_block, _offset);
        _offset += PacketSize;
        if (_offset == Block)
        {
            Busy(WriteBlock());
            _current++;
            _offset = 0;
            _answersLater = true;
        }
    }

    private void Execute(byte command)
    {
        switch (command)
        {
            case 0:
                (_current, _offset, _nextSector) = (FirstBlock, 0, 1);
                break;
            case 1:
                // Behind the data of this block comes what is in the buffer from the last one.
                var took = _offset > 0 ? WriteBlock() : TimeSpan.Zero;
                _resetsAt = _board.Now + took + ResetsAfter;
                break;
        }
    }

    private void Busy(TimeSpan took) => _busyUntil = _board.Now + took;

    // write_flash_sector(): sectors are counted, not looked up; failures are not noticed.
    private TimeSpan WriteBlock()
    {
        var flash = _board.Flash;
        var took = TimeSpan.Zero;
        if (_current is 16 or 32 or 48 or 64 || _current % 128 == 0)
        {
            var sector = _nextSector++;
            if (sector < flash.Part.Sectors.Count)
            {
                _board.Log(BoardEventKind.Flash, $"erase sector {sector} at 0x{flash.Part.Sectors[sector].Address:X8}");
                took += flash.Erase(sector);
            }
        }

        var address = flash.Base + (uint)_current * Block;
        if (!flash.Contains(address, Block))
        {
            _board.Log(BoardEventKind.Violation, $"write at 0x{address:X8}: no flash there");
            return took;
        }

        _board.Log(BoardEventKind.Flash, $"program {Block} bytes at 0x{address:X8}");
        return took + flash.Program(address, _block);
    }
}
