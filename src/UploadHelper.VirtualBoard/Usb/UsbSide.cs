using UploadHelper.Core.Usb;
using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Faults;

namespace UploadHelper.VirtualBoard.Usb;

/// <summary>The USB side of a board: what of it is on the bus, whether that answers, and the transfers to it.</summary>
/// <param name="board">The board.</param>
/// <param name="faults">What goes wrong with transfers to its bootloader.</param>
internal sealed class UsbSide(IBoardCore board, FaultInjector faults)
{
    private UsbFunction? _function;
    private TimeSpan _busyUntil;
    private bool _silent;
    private bool _hasMoved;
    private int _generation;

    /// <summary>What the host sees of it.</summary>
    public AttachedDevice? Attached { get; private set; }

    /// <summary>What is on the bus and answers, or null.</summary>
    public UsbFunction? Function => _silent ? null : _function;

    /// <summary>Whether a bootloader is on the bus, answering or not.</summary>
    public bool HasBootloader => _function is IDfuFunction;

    /// <summary>Number of control transfers, standard requests included.</summary>
    public int ControlTransfers { get; private set; }

    /// <summary>Number of class requests in DFU mode.</summary>
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
            return new ControlReply(ControlOutcome.Silent, default, default);
        }

        if (!HasBootloader)
        {
            return Answer(_function, setup, data);
        }

        DfuRequests += setup.IsStandard ? 0 : 1;
        return faults.Before(setup) ?? faults.After(setup, Answer(_function, setup, data));
    }

    /// <summary>Something is on the bus from now on.</summary>
    public void Attach(UsbFunction function)
    {
        _function = function;
        _silent = false;
        _busyUntil = board.Now;
        faults.Restarted();
        Attached = new AttachedDevice(++_generation, function.Identity.DeviceDescriptor(), function.Identity.Configuration)
        {
            Since = board.Now,
            HasMoved = _hasMoved,
        };
        board.Log(BoardEventKind.Bus, $"on the bus as {new UsbId(function.Identity.VendorId, function.Identity.ProductId)} ({function.Identity.Strings[1]})");
    }

    /// <summary>Nothing is on the bus any more.</summary>
    /// <param name="why">For the log.</param>
    public void Detach(string why)
    {
        if (_function is not null)
        {
            board.Log(BoardEventKind.Bus, $"off the bus: {why}");
        }

        _function = null;
        _silent = false;
        Attached = null;
    }

    /// <summary>What is on the bus stays there, and answers nothing any more.</summary>
    /// <param name="how">For the log.</param>
    public void Silence(string how)
    {
        _silent = true;
        board.Log(BoardEventKind.Bus, how);
    }

    /// <summary>The power fails.</summary>
    public void PowerLost()
    {
        if (board.Now < _busyUntil)
        {
            _function?.PowerLost();
        }
    }

    /// <summary>Whatever is on the bus from now on is in another port of the host.</summary>
    public void Move() => _hasMoved = true;

    // What a host no longer waits for goes on all the same, and the next request waits for it.
    private ControlReply Answer(UsbFunction function, UsbSetup setup, ReadOnlySpan<byte> data)
    {
        var before = _busyUntil > board.Now ? _busyUntil - board.Now : TimeSpan.Zero;
        var reply = function.Control(setup, data);
        reply = reply with { Busy = reply.Busy + before };
        _busyUntil = board.Now + reply.Busy + reply.BusyAfter;
        if (_silent)
        {
            reply = new ControlReply(ControlOutcome.Silent, default, default);
        }

        board.Log(BoardEventKind.Request, RequestText.Of(function, setup, reply));
        return reply;
    }
}
