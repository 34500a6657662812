using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Faults;

/// <summary>A bootloader that is stuck in a state, and answers it whatever it is asked.</summary>
/// <param name="board">Its board.</param>
internal sealed class StuckDevice(Board board)
{
    // What it asks the host to wait, and lets a host wait that does not.
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    private DfuState? _state;
    private DfuStatusCode _status;

    /// <summary>From now on it is stuck.</summary>
    /// <param name="state">dfuDNBUSY, for ever; or dfuERROR, until CLRSTATUS.</param>
    /// <param name="status">Its bStatus.</param>
    public void In(DfuState state, DfuStatusCode status) => (_state, _status) = (state, status);

    /// <summary>It has started anew.</summary>
    public void Restarted() => _state = null;

    /// <summary>What it answers; null if it is not stuck, or does as usual.</summary>
    public ControlReply? InPlaceOf(UsbSetup setup)
    {
        if (_state is not { } state || setup.IsStandard)
        {
            return null;
        }

        var isBusy = state == DfuState.DownloadBusy;
        switch ((DfuRequest)setup.Request)
        {
            case DfuRequest.GetStatus:
                byte[] answer = [(byte)_status, (byte)(isBusy ? Poll.TotalMilliseconds : 0), 0, 0, (byte)state, 0];
                return Done(answer.AsMemory(0, Math.Min(answer.Length, (int)setup.Length)), isBusy ? Poll : default);
            case DfuRequest.GetState:
                return Done(new[] { (byte)state });
            case DfuRequest.ClearStatus when !isBusy:
                // What the failure has spoilt is dropped, and the device is idle again.
                _state = null;
                board.Function?.Control(new UsbSetup(0x21, (byte)DfuRequest.Abort, 0, setup.Index, 0), []);
                return Done();
            default:
                return new ControlReply(ControlOutcome.Stall, default, default);
        }
    }

    private static ControlReply Done(ReadOnlyMemory<byte> data = default, TimeSpan busy = default) => new(ControlOutcome.Done, data, busy);
}
