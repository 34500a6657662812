using System.Text;
using System.Text.RegularExpressions;
using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Faults;

/// <summary>A board as faults affect it.</summary>
internal interface IFaultTarget : IMicrocontroller
{
    /// <summary>The device that is on the bus and answers, or null.</summary>
    UsbFunction? Function { get; }

    /// <summary>Pulls the cable.</summary>
    void Unplug();

    /// <summary>Plugs the cable in.</summary>
    void Plug();

    /// <summary>From now on the board is in another port of the host.</summary>
    void Move();

    /// <summary>Plugs in a second board of the kind, in its bootloader.</summary>
    void PlugInTwin();
}

/// <summary>Injects faults into the control transfers between a board's bootloader and its host.</summary>
/// <param name="board">The board.</param>
/// <param name="faults">The faults, in any order; of several at one transfer, the first happens.</param>
internal sealed class FaultInjector(IFaultTarget board, IEnumerable<Fault> faults)
{
    private readonly List<Fault> _faults = [.. faults];
    private readonly StuckBootloader _stuck = new(board);
    private Fault? _now;
    private bool _refusesEarly;
    private bool _renamed;
    private TimeSpan _busyUntil;

    /// <summary>Number of control transfers to a bootloader so far.</summary>
    public int Transfers { get; private set; }

    /// <summary>Adds a fault.</summary>
    /// <param name="fault">The fault; its transfer is counted from now.</param>
    public void Add(Fault fault) => _faults.Add(fault with { Index = Transfers + fault.Index });

    /// <summary>Removes all faults, and ends those that last.</summary>
    public void Clear()
    {
        _faults.Clear();
        _refusesEarly = false;
        _stuck.Restarted();
    }

    /// <summary>A transfer is about to reach the bootloader.</summary>
    /// <returns>The reply if the transfer does not reach the bootloader, or null if it does.</returns>
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
                board.PlugInTwin();
                break;
            case FaultKind.Early:
                _refusesEarly = true;
                break;
            case FaultKind.Busy or FaultKind.Status:
                _stuck.Enter(_now.Kind == FaultKind.Busy ? DfuState.DownloadBusy : DfuState.Error, _now.Status);
                break;
            default:
                SetFlashFault(_now?.Kind);
                break;
        }

        return _refusesEarly && IsGetStatus(setup) && board.Now < _busyUntil
            ? new ControlReply(ControlOutcome.Stall, default, default)
            : _stuck.Answer(setup);
    }

    /// <summary>A transfer went through.</summary>
    /// <returns>The reply that the host sees.</returns>
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
            FaultKind.Layout => FalseStrings.Layout(setup, reply),
            _ => _renamed ? FalseStrings.SerialNumber(setup, reply) : reply,
        };
    }

    /// <summary>The bootloader has restarted: it is no longer stuck.</summary>
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
                board.Reset("plugged into another port with its button held", BootCause.ByHand);
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
        var failed = board.Flash.HasNoPower || board.SpiFlash is { HasNoPower: true };
        board.Flash.PowerUp();
        board.SpiFlash?.PowerUp();
        return failed;
    }
}

/// <summary>A bootloader that is stuck in a DFU state, and reports it in every answer.</summary>
/// <param name="board">Its board.</param>
internal sealed class StuckBootloader(IFaultTarget board)
{
    // bwPollTimeout, and how long it answers NAK to a host that does not wait.
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    private DfuState? _state;
    private DfuStatusCode _status;

    /// <summary>From now on it is stuck in a state.</summary>
    /// <param name="state">dfuDNBUSY, for ever; or dfuERROR, until CLRSTATUS.</param>
    /// <param name="status">Its bStatus.</param>
    public void Enter(DfuState state, DfuStatusCode status) => (_state, _status) = (state, status);

    /// <summary>It has restarted.</summary>
    public void Restarted() => _state = null;

    /// <summary>Its answer; null if it answers as usual.</summary>
    public ControlReply? Answer(UsbSetup setup)
    {
        if (_state is not { } state || setup.IsStandard)
        {
            return null;
        }

        var isBusy = state == DfuState.DownloadBusy;
        switch ((DfuRequest)setup.Request)
        {
            case DfuRequest.GetStatus:
                var answer = new DfuStatus(_status, isBusy ? Poll : TimeSpan.Zero, state).ToBytes();
                return Done(answer.AsMemory(0, Math.Min(answer.Length, (int)setup.Length)), isBusy ? Poll : default);
            case DfuRequest.GetState:
                return Done(new[] { (byte)state });
            case DfuRequest.ClearStatus when !isBusy:
                // The failed operation is dropped, and the device is idle again.
                _state = null;
                board.Function?.Control(new UsbSetup(0x21, (byte)DfuRequest.Abort, 0, setup.Index, 0), []);
                return Done();
            default:
                return new ControlReply(ControlOutcome.Stall, default, default);
        }
    }

    private static ControlReply Done(ReadOnlyMemory<byte> data = default, TimeSpan busy = default) => new(ControlOutcome.Done, data, busy);
}

/// <summary>String descriptors with false contents.</summary>
internal static partial class FalseStrings
{
    private const byte GetDescriptor = 6;
    private const int StringType = 3;
    private const int Header = 2;

    // The serial number's index (UsbIdentity).
    private const int SerialNumberIndex = 3;

    /// <summary>A memory map (UM0424) with all sectors writable and one more in the last group; other replies unchanged.</summary>
    public static ControlReply Layout(UsbSetup setup, ControlReply reply)
    {
        if (TextOf(setup, reply) is not ['@', ..] map)
        {
            return reply;
        }

        map = Access().Replace(map, "g");
        return With(reply, LastCount().Replace(map, m => (int.Parse(m.Value, System.Globalization.CultureInfo.InvariantCulture) + 1).ToString(new string('0', m.Length))));
    }

    /// <summary>Another serial number; other replies unchanged. One in single bytes stays: it tells the type of the chip (GD32VF103).</summary>
    public static ControlReply SerialNumber(UsbSetup setup, ControlReply reply) =>
        (setup.Value & 0xFF) == SerialNumberIndex && TextOf(setup, reply) is { } text && text.All(char.IsAscii) ? With(reply, new string([.. text.Reverse()])) : reply;

    private static string? TextOf(UsbSetup setup, ControlReply reply) =>
        setup is { RequestType: 0x80, Request: GetDescriptor } && setup.Value >> 8 == StringType && (setup.Value & 0xFF) != 0 && reply.Data.Length > Header
            ? Encoding.Unicode.GetString(reply.Data.Span[Header..])
            : null;

    private static ControlReply With(ControlReply reply, string text) =>
        reply with { Data = (byte[])[(byte)(Header + text.Length * 2), StringType, .. Encoding.Unicode.GetBytes(text)] };

    [GeneratedRegex("(?<=[KMB ])[a-f](?=,|$)")]
    private static partial Regex Access();

    [GeneratedRegex(@"\d+(?=\*[^*]*$)")]
    private static partial Regex LastCount();
}
