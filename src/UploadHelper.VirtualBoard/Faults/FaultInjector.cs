using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Flash;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Faults;

/// <summary>Stands between a board and its USB port, and lets go wrong what it was told to.</summary>
/// <param name="board">The board.</param>
/// <param name="faults">What goes wrong, in any order; of several at one transfer the first.</param>
internal sealed class FaultInjector(Board board, IEnumerable<Fault> faults)
{
    private readonly List<Fault> _faults = [.. faults];
    private readonly StuckDevice _stuck = new(board);
    private Fault? _now;
    private bool _punishesEarly;
    private bool _renamed;
    private TimeSpan _busyUntil;

    /// <summary>Number of control transfers to a bootloader so far.</summary>
    public int Transfers { get; private set; }

    /// <summary>Lets something more go wrong.</summary>
    /// <param name="fault">What; its transfer is counted from now.</param>
    public void Add(Fault fault) => _faults.Add(fault with { Index = Transfers + fault.Index });

    /// <summary>From now on nothing goes wrong any more.</summary>
    public void End()
    {
        _faults.Clear();
        _punishesEarly = false;
        _stuck.Restarted();
    }

    /// <summary>A transfer is about to reach the bootloader.</summary>
    /// <returns>What happens instead, or null if it goes through.</returns>
    public ControlReply? Before(UsbSetup setup)
    {
        var index = Transfers++;
        _now = _faults.Find(f => f.Index == index);
        if (_now is not null)
        {
            board.Log(BoardEventKind.Bus, $"fault: {_now}");
        }

        switch (_now?.Kind)
        {
            case FaultKind.Stall:
                return new ControlReply(ControlOutcome.Stall, default, default);
            case FaultKind.Silent:
                return new ControlReply(ControlOutcome.Silent, default, default);
            case FaultKind.Gone or FaultKind.Replug or FaultKind.Reset or FaultKind.Moved or FaultKind.Renamed:
                _renamed |= _now.Kind == FaultKind.Renamed;
                Leave(_now.Kind);
                return new ControlReply(ControlOutcome.Gone, default, default);
            case FaultKind.Twin:
                board.CallTwin();
                break;
            case FaultKind.Early:
                _punishesEarly = true;
                break;
            case FaultKind.Busy or FaultKind.Status:
                _stuck.In(_now.Kind == FaultKind.Busy ? DfuState.DownloadBusy : DfuState.Error, _now.Status);
                break;
            default:
                SetFlashFault(_now?.Kind);
                break;
        }

        return _punishesEarly && IsGetStatus(setup) && board.Now < _busyUntil
            ? new ControlReply(ControlOutcome.Stall, default, default)
            : _stuck.InPlaceOf(setup);
    }

    /// <summary>A transfer went through.</summary>
    /// <returns>What the host sees of it.</returns>
    public ControlReply After(UsbSetup setup, ControlReply reply)
    {
        SetFlashFault(null);
        if (IsGetStatus(setup) && reply is { Outcome: ControlOutcome.Done, Data.Length: DfuStatus.Size })
        {
            var status = DfuStatus.Read(reply.Data.Span);
            _busyUntil = status.State == DfuState.DownloadBusy ? board.Now + reply.Busy + status.PollTimeout : board.Now;
        }

        if (PowerFailed())
        {
            board.Unplug();
            board.Plug();
            return new ControlReply(ControlOutcome.Gone, default, default);
        }

        return _now?.Kind switch
        {
            FaultKind.Late => reply with { Outcome = ControlOutcome.Silent },
            FaultKind.Short => reply with { Data = reply.Data[..(reply.Data.Length / 2)] },
            FaultKind.Layout => StringLies.Layout(setup, reply),
            _ => _renamed ? StringLies.SerialNumber(setup, reply) : reply,
        };
    }

    /// <summary>The bootloader has started anew: what it was stuck in is over.</summary>
    public void Restarted() => _stuck.Restarted();

    private static bool IsGetStatus(UsbSetup setup) => setup is { RequestType: 0xA1, Request: (byte)DfuRequest.GetStatus };

    private void Leave(FaultKind kind)
    {
        switch (kind)
        {
            case FaultKind.Gone:
                board.Unplug();
                break;
            case FaultKind.Replug:
                board.Unplug();
                board.Plug();
                break;
            case FaultKind.Moved:
                board.Unplug();
                board.Move();
                board.Reset("plugged in elsewhere, its button held", BootCause.ByHand);
                break;
            default:
                board.Reset("fault", BootCause.ByHand);
                break;
        }
    }

    private void SetFlashFault(FaultKind? kind)
    {
        var fault = kind switch
        {
            FaultKind.CutErase => FlashFault.CutErase,
            FaultKind.CutProgram => FlashFault.CutProgram,
            FaultKind.Lost => FlashFault.Ignored,
            FaultKind.Bit => FlashFault.StuckBit,
            _ => FlashFault.None,
        };
        board.Flash.NextFault = fault;
        if (board.SpiFlash is { } spi)
        {
            spi.NextFault = fault;
        }
    }

    private bool PowerFailed()
    {
        var failed = board.Flash.IsOff || board.SpiFlash is { IsOff: true };
        board.Flash.SwitchOn();
        board.SpiFlash?.SwitchOn();
        return failed;
    }
}
