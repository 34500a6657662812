using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.UsbIp;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.UsbIp;

/// <summary>
/// Endpoint 0 of one enumeration: one transfer at a time, each for as long as the device is busy with it. The
/// device stays busy when a transfer is cancelled.
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

    /// <summary>Whether the host has reset the port and has not configured the device again.</summary>
    public bool IsInReset { get; private set; }

    /// <summary>When it next has something to do by itself.</summary>
    public TimeSpan? NextAt => IsSilent || Pending == 0 ? null : _busyUntil;

    // A device that does not answer blocks the pipe until the host gives up.
    private bool IsSilent => _running is not null && _status is null;

    /// <summary>Adds a transfer after the others.</summary>
    public void Submit(Transfer transfer) => _waiting.AddLast(transfer);

    /// <summary>Cancels a transfer.</summary>
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

    /// <summary>Removes all transfers.</summary>
    public IReadOnlyList<Transfer> TakeAll()
    {
        Transfer[] all = _running is { } running ? [running, .. _waiting] : [.. _waiting];
        _running = null;
        _waiting.Clear();
        return all;
    }

    /// <summary>Ends the active transfer if the device has finished it.</summary>
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
                // The board may have left the bus: check again before the transfer starts.
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
            ControlOutcome.NoHandshake => UsbIpProtocol.StatusNoHandshake,
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
            transfer.Accepted = transfer.Length;
        }

        if (setup is { RequestType: 0x00, Request: 9 })
        {
            _configured = setup.Value != 0;
            IsInReset &= !_configured;
        }
    }

    /// <summary>
    /// A reset of the port is not forwarded over USB/IP. It shows in the enumeration that follows:
    /// GET_DESCRIPTOR(device) of 64 (or, in the old scheme, 8) bytes, which hosts send to a configured device only then.
    /// </summary>
    private bool IsReset(UsbSetup setup) =>
        (_configured && setup is { RequestType: 0x80, Request: 6, Value: 0x0100, Length: 64 or 8 }) || IsPortReset(setup);

    // Linux's USB/IP server takes this as the request for a reset (drivers/usb/usbip/stub_rx.c, is_reset_device_cmd).
    private static bool IsPortReset(UsbSetup setup) => setup is { RequestType: 0x23, Request: 3, Value: 4 };
}
