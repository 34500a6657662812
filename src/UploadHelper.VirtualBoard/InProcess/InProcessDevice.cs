using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.InProcess;

/// <summary>An open device of a virtual board: transfers take virtual time, and fail as on a real bus.</summary>
/// <param name="info">What was opened.</param>
/// <param name="board">The board.</param>
/// <param name="generation">Its enumeration.</param>
/// <param name="clock">The clock of all boards.</param>
/// <param name="claimed">What all open devices of the bus have claimed.</param>
/// <param name="canReset">Whether the host can reset the port.</param>
internal sealed class InProcessDevice(
    UsbDeviceInfo info, IUsbPort board, int generation, VirtualClock clock, HashSet<(int Number, byte Interface)> claimed, bool canReset) : IUsbDevice
{
    private const byte SetInterface = 11;
    private static readonly TimeSpan StandardTimeout = TimeSpan.FromSeconds(1);
    private readonly HashSet<byte> _own = [];

    public UsbDeviceInfo Info => info;

    public bool CanReset => canReset;

    /// <summary>Until when another program has its interfaces.</summary>
    public TimeSpan HeldUntil { get; init; }

    public void Claim(byte interfaceNumber)
    {
        ThrowIfGone();
        lock (claimed)
        {
            if (_own.Add(interfaceNumber) && (clock.Now < HeldUntil || !claimed.Add((info.Number, interfaceNumber))))
            {
                _own.Remove(interfaceNumber);
                throw new UsbException(UsbFault.Busy, $"Another program has interface {interfaceNumber}.");
            }
        }
    }

    public void SetAlternateSetting(byte interfaceNumber, byte alternateSetting) =>
        ControlOut(new UsbSetup(0x01, SetInterface, alternateSetting, interfaceNumber, 0), [], StandardTimeout);

    public int ControlIn(UsbSetup setup, Span<byte> buffer, TimeSpan timeout)
    {
        var data = Transfer(setup, [], timeout);
        data.Span.CopyTo(buffer);
        return data.Length;
    }

    public void ControlOut(UsbSetup setup, ReadOnlySpan<byte> data, TimeSpan timeout) => Transfer(setup, data, timeout);

    public void Reset()
    {
        lock (board)
        {
            ThrowIfGone();
            if (canReset)
            {
                board.BusReset();
            }
        }
    }

    public void Dispose()
    {
        lock (claimed)
        {
            claimed.ExceptWith(_own.Select(i => (info.Number, i)));
            _own.Clear();
        }
    }

    private ReadOnlyMemory<byte> Transfer(UsbSetup setup, ReadOnlySpan<byte> data, TimeSpan timeout)
    {
        var reply = Ask(setup, data);
        var took = InProcessBus.TransferTime + reply.Busy;
        if (reply.Outcome == ControlOutcome.Silent || took > timeout)
        {
            Pass(timeout);
            throw new UsbException(UsbFault.Timeout, "The device did not answer in time.");
        }

        Pass(took);
        return reply.Outcome switch
        {
            ControlOutcome.Done => reply.Data,
            ControlOutcome.Stall => throw new UsbException(UsbFault.Stall, "The device refused the request (STALL)."),
            _ => throw Gone(),
        };
    }

    private ControlReply Ask(UsbSetup setup, ReadOnlySpan<byte> data)
    {
        lock (board)
        {
            ThrowIfGone();
            return board.Control(setup, data);
        }
    }

    private void Pass(TimeSpan duration)
    {
        clock.Advance(duration);
        lock (board)
        {
            board.AdvanceTo(clock.Now);
        }
    }

    private void ThrowIfGone()
    {
        lock (board)
        {
            board.AdvanceTo(clock.Now);
            if (board.Attached?.Generation != generation)
            {
                throw Gone();
            }
        }
    }

    private static UsbException Gone() => new(UsbFault.Gone, "The device is no longer on the bus.");
}
