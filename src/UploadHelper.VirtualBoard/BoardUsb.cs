using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Faults;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard;

/// <summary>The USB connection of a board: its device on the bus, whether that answers, and the transfers to it.</summary>
/// <param name="board">The board.</param>
/// <param name="faults">Faults in transfers to its bootloader.</param>
internal sealed class BoardUsb(IMicrocontroller board, FaultInjector faults)
{
    private UsbFunction? _function;
    private TimeSpan _busyUntil;
    private bool _silent;
    private GhostKind? _ghost;
    private bool _hasMoved;
    private int _generation;

    /// <summary>The device as the host sees it.</summary>
    public AttachedDevice? Attached { get; private set; }

    /// <summary>The device that is on the bus and answers, or null.</summary>
    public UsbFunction? Function => _silent ? null : _function;

    /// <summary>Whether a bootloader is on the bus, answering or not.</summary>
    public bool HasBootloader => _function is IDfuFunction or { IsBootloader: true };

    /// <summary>Whether it is on the bus only because nothing has disconnected it.</summary>
    public bool IsGhost => _ghost is not null;

    /// <summary>Number of control transfers, standard requests included.</summary>
    public int ControlTransfers { get; private set; }

    /// <summary>Number of class requests to its bootloader.</summary>
    public int DfuRequests { get; private set; }

    /// <summary>One control transfer.</summary>
    public ControlReply Control(UsbSetup setup, ReadOnlySpan<byte> data)
    {
        if (_function is null)
        {
            return new ControlReply(ControlOutcome.Gone, default, default);
        }

        ControlTransfers++;
        if (_silent)
        {
            var outcome = _ghost == GhostKind.Unpowered ? ControlOutcome.NoHandshake : ControlOutcome.Silent;
            _ghost = _ghost == GhostKind.TakesOneRequest ? GhostKind.Unpowered : _ghost;
            return new ControlReply(outcome, default, default);
        }

        if (!HasBootloader)
        {
            return Answer(_function, setup, data);
        }

        DfuRequests += setup.IsStandard ? 0 : 1;
        return faults.Before(setup) ?? faults.After(setup, Answer(_function, setup, data));
    }

    /// <summary>A device appears on the bus.</summary>
    public void Attach(UsbFunction function)
    {
        _function = function;
        _silent = false;
        _ghost = null;
        _busyUntil = board.Now;
        faults.Restarted();
        Attached = new AttachedDevice(++_generation, function.Identity.DeviceDescriptor(), function.Identity.Configuration)
        {
            Since = board.Now,
            HasMoved = _hasMoved,
            SerialNumber = function.Identity.SerialNumber,
            Product = function.Identity.Strings[1],
        };
        board.Log(BoardEventKind.Bus, $"on the bus as {new UsbId(function.Identity.VendorId, function.Identity.ProductId)} ({function.Identity.Strings[1]})");
    }

    /// <summary>The device leaves the bus.</summary>
    /// <param name="why">For the log.</param>
    public void Detach(string why)
    {
        if (_function is not null)
        {
            board.Log(BoardEventKind.Bus, $"off the bus: {why}");
        }

        _function = null;
        _silent = false;
        _ghost = null;
        Attached = null;
    }

    /// <summary>The device stays on the bus, but no longer answers.</summary>
    /// <param name="how">For the log.</param>
    public void Silence(string how)
    {
        _silent = true;
        board.Log(BoardEventKind.Bus, how);
    }

    /// <summary>The device stays on the bus, although no program has anything to do with USB.</summary>
    /// <param name="how">For the log.</param>
    /// <param name="ghost">How its transfers fail.</param>
    public void Haunt(string how, GhostKind ghost)
    {
        _ghost = ghost;
        Silence(how);
    }

    /// <summary>The power fails.</summary>
    public void PowerLost()
    {
        if (board.Now < _busyUntil)
        {
            _function?.PowerLost();
        }
    }

    /// <summary>From now on the board is in another port of the host.</summary>
    public void Move() => _hasMoved = true;

    // An operation goes on when the host stops waiting for it; the next request waits until it ends.
    private ControlReply Answer(UsbFunction function, UsbSetup setup, ReadOnlySpan<byte> data)
    {
        var before = _busyUntil > board.Now ? _busyUntil - board.Now : TimeSpan.Zero;
        var reply = function.Control(setup, data);
        reply = reply with { Busy = reply.Busy + before };
        _busyUntil = board.Now + reply.Busy + reply.BusyAfter;
        if (_silent && reply.BusyAfter == TimeSpan.Zero)
        {
            reply = new ControlReply(ControlOutcome.Silent, default, default);
        }

        board.Log(BoardEventKind.Request, RequestText.Of(function, setup, reply));
        return reply;
    }
}

/// <summary>Control transfers as text for the log.</summary>
internal static class RequestText
{
    public static string Of(UsbFunction function, UsbSetup setup, ControlReply reply)
    {
        var isClass = !setup.IsStandard;
        var text = isClass && function is IDfuFunction ? Dfu(setup)
            : isClass && function.IsBootloader && setup is { RequestType: 0x21, Request: HidFunction.SetReport } ? $"output report of {setup.Length} bytes"
            : $"{(isClass ? "class" : "standard")} request 0x{setup.Request:X2}, value 0x{setup.Value:X4}, index {setup.Index}, {setup.Length} bytes";
        var end = reply.Outcome == ControlOutcome.Done ? "" : $" -> {reply.Outcome}";
        return text + end + (function is IDfuFunction dfu && isClass ? $" [{dfu.State.Name()}]" : "");
    }

    private static string Dfu(UsbSetup setup) => (DfuRequest)setup.Request switch
    {
        DfuRequest.Detach => "DETACH",
        DfuRequest.Download => $"DNLOAD block {setup.Value}, {setup.Length} bytes",
        DfuRequest.Upload => $"UPLOAD block {setup.Value}, {setup.Length} bytes",
        DfuRequest.GetStatus => "GETSTATUS",
        DfuRequest.ClearStatus => "CLRSTATUS",
        DfuRequest.GetState => "GETSTATE",
        DfuRequest.Abort => "ABORT",
        _ => $"class request {setup.Request}",
    };
}
