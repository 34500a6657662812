using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.UsbIp;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.UsbIp;

/// <summary>
/// Endpoint 0 of one enumeration: one transfer after the other, each for as long as the device says it is busy. A
/// transfer that is taken back leaves the device busy.
/// </summary>
internal sealed class ControlPipe
{
    private readonly LinkedList<Transfer> _waiting = [];
    private Transfer? _running;
    private int? _status;
    private TimeSpan _busyUntil;
    private bool _configured;

    /// <summary>Transfers that have not ended.</summary>
    public int Pending => _waiting.Count + (_running is null ? 0 : 1);

    /// <summary>Whether the host resets the port: it has, and has not configured the device again.</summary>
    public bool IsInReset { get; private set; }

    /// <summary>When there is something to do again by itself.</summary>
    public TimeSpan? NextAt => IsSilent || Pending == 0 ? null : _busyUntil;

    // A device that answers nothing holds the pipe until the host gives up.
    private bool IsSilent => _running is not null && _status is null;

    /// <summary>Puts a transfer behind the others.</summary>
    public void Submit(Transfer transfer) => _waiting.AddLast(transfer);

    /// <summary>Accepts a transfer back.</summary>
    /// <returns>False when it has ended already.</returns>
    public bool Unlink(uint sequence)
    {
        if (_running?.Sequence == sequence)
        {
            _running = null;
            return true;
        }

        return _waiting.FirstOrDefault(t => t.Sequence == sequence) is { } transfer && _waiting.Remove(transfer);
    }

    /// <summary>Accepts all transfers back.</summary>
    public IReadOnlyList<Transfer> TakeAll()
    {
        Transfer[] all = _running is { } running ? [running, .. _waiting] : [.. _waiting];
        _running = null;
        _waiting.Clear();
        return all;
    }

    /// <summary>Ends the transfer that runs if the device is through with it.</summary>
    public void FinishDue(TimeSpan now, Action<Transfer, int> completed)
    {
        if (_running is { } running && _status is { } status && now >= _busyUntil)
        {
            _running = null;
            completed(running, status);
        }
    }

    /// <summary>Starts the next transfer if the device is free.</summary>
    /// <returns>Whether one was started.</returns>
    public bool StartNext(IUsbPort port, TimeSpan now, Action<Transfer, int> completed)
    {
        if (_running is not null || now < _busyUntil || _waiting.First is not { } first)
        {
            return false;
        }

        if (IsReset(first.Value.Setup))
        {
            _configured = false;
            IsInReset = true;
            port.BusReset();
            if (!IsPortReset(first.Value.Setup))
            {
                // The board may be off the bus by now: the transfer is looked at afresh.
                return true;
            }
        }

        _waiting.RemoveFirst();
        Start(port, first.Value, now);
        FinishDue(now, completed);
        return true;
    }

    private void Start(IUsbPort port, Transfer transfer, TimeSpan now)
    {
        var setup = transfer.Setup;
        _running = transfer;
        if (IsPortReset(setup))
        {
            _status = UsbIpProtocol.StatusOk;
            return;
        }

        var reply = port.Control(setup, transfer.Data);
        _busyUntil = now + reply.Busy;
        _status = reply.Outcome switch
        {
            ControlOutcome.Done => UsbIpProtocol.StatusOk,
            ControlOutcome.Stall => UsbIpProtocol.StatusStall,
            ControlOutcome.Gone => UsbIpProtocol.StatusShutdown,
            _ => null,
        };
        if (reply.Outcome != ControlOutcome.Done)
        {
            return;
        }

        if (setup.IsIn)
        {
            transfer.Data = reply.Data[..Math.Min(reply.Data.Length, transfer.Length)].ToArray();
        }
        else
        {
            transfer.Taken = transfer.Length;
        }

        if (setup is { RequestType: 0x00, Request: 9 })
        {
            _configured = setup.Value != 0;
            IsInReset &= !_configured;
        }
    }

    /// <summary>
    /// A reset of the port is not forwarded over USB/IP. It shows in what the host does next, which is to enumerate:
    /// GET_DESCRIPTOR(device) of 64 (or, in the old scheme, 8) bytes, which no host sends to a configured device else.
    /// </summary>
    private bool IsReset(UsbSetup setup) =>
        (_configured && setup is { RequestType: 0x80, Request: 6, Value: 0x0100, Length: 64 or 8 }) || IsPortReset(setup);

    // What Linux's USB/IP server takes as the wish for a reset (drivers/usb/usbip/stub_rx.c, is_reset_device_cmd).
    private static bool IsPortReset(UsbSetup setup) => setup is { RequestType: 0x23, Request: 3, Value: 4 };
}
