using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Connecting;

/// <summary>
/// Puts a board into its bootloader and opens it: uses a bootloader that already answers, or sends the magic reset to the
/// sketch's port and waits for the bootloader.
/// </summary>
/// <param name="bus">The USB devices.</param>
/// <param name="ports">The serial ports.</param>
/// <param name="time">The clock.</param>
/// <param name="events">Receives progress, on the caller's thread.</param>
internal sealed class BootloaderConnector(IUsbBus bus, ISerialPorts ports, TimeProvider time, Action<UploadEvent> events)
{
    /// <summary>How long <see cref="Reconnect"/> waits for a board: long enough for a reset, and for the user to plug it in again.</summary>
    public static readonly TimeSpan ReturnLimit = TimeSpan.FromSeconds(10);

    /// <summary>Connects.</summary>
    /// <param name="request">Which bootloader.</param>
    /// <param name="filter">The request's filter, with the board's USB path if that is known.</param>
    /// <param name="cancellationToken">Checked in each wait.</param>
    /// <returns>The bootloader, in dfuIDLE.</returns>
    /// <exception cref="UploadException">None appears, more than one does, or it cannot be opened.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public OpenBootloader Connect(BootloaderRequest request, DeviceFilter filter, CancellationToken cancellationToken)
    {
        var search = new BootloaderSearch(bus, time, events);
        var found = ErrorMessages.Listing(() => search.Find(filter, request.StrictPolling, cancellationToken));
        if (found is null)
        {
            var reset = request.Port is not null && Reset(request.Port, cancellationToken);
            events(new WaitingForBootloader(filter, request.Timeout, AskForReset: !reset));
            found = search.WaitFor(request, filter, request.Port is null ? null : BoardWatch(request, filter, cancellationToken), cancellationToken);
        }
        else if (request.Port is not null)
        {
            events(new ResetSkipped(request.Port));
        }

        events(new BootloaderFound(found.Description, found.Protocol.Info, found.Connection.Polling.IsEarly));
        return found;
    }

    /// <summary>Waits for a bootloader that was restarted.</summary>
    /// <exception cref="UploadException">It did not return.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public OpenBootloader WaitForRestart(BootloaderRequest request, DeviceFilter filter, CancellationToken cancellationToken)
    {
        events(new WaitingForBootloader(filter, request.Timeout, AskForReset: false));
        return new BootloaderSearch(bus, time, events).WaitFor(request, filter, null, cancellationToken);
    }

    /// <summary>Reopens a board that disconnected: one of the same kind at the same USB path. (An L4 has a different serial number after each power-up.)</summary>
    /// <returns>The bootloader in dfuIDLE, or null if that board does not return.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public OpenBootloader? Reconnect(BootloaderRequest request, DeviceFilter filter, DfuDescription before, CancellationToken cancellationToken)
    {
        if (before.Device.Path.Length == 0)
        {
            return null;
        }

        try
        {
            var quiet = new BootloaderConnector(bus, ports, time, _ => { });
            var back = quiet.Connect(request with { Timeout = ReturnLimit }, filter with { UsbPath = before.Device.Path }, cancellationToken);
            if (back.Description.Device.Id == before.Device.Id && back.Description.Alternates.SequenceEqual(before.Alternates))
            {
                return back;
            }

            back.Device.Dispose();
            return null;
        }
        catch (UploadException)
        {
            // The caller reports the disconnect, not the failure to reconnect.
            return null;
        }
    }

    // A Maple bootloader stays for about a second, which a busy machine may miss: then the sketch is back, and is reset again.
    private Action BoardWatch(BootloaderRequest request, DeviceFilter filter, CancellationToken cancellationToken)
    {
        var name = request.Port!;
        var wasGone = !PortNames.IsListed(ports, name);
        var attempts = 2;
        return () =>
        {
            RefuseOtherBootloader(filter, request.StrictPolling, cancellationToken);
            var port = ports.List().FirstOrDefault(p => PortNames.Same(p.Name, name) || (p.UsbPath is not null && p.UsbPath == filter.UsbPath));
            if (port is not null && wasGone && attempts-- > 0)
            {
                Reset(port.Name, cancellationToken);
            }

            wasGone = port is null;
        };
    }

    private bool Reset(string port, CancellationToken cancellationToken)
    {
        events(new ResettingSketch(port));
        var warning = new SketchReset(ports, time).Run(port, cancellationToken);
        if (warning is not null)
        {
            events(warning);
        }

        return warning is null;
    }

    // The board was reset and has a different bootloader: the wrong board or bootloader was selected. Waiting longer would
    // not help, and after a magic reset some stay in DFU mode forever.
    private void RefuseOtherBootloader(DeviceFilter filter, bool strictPolling, CancellationToken cancellationToken)
    {
        if (filter.UsbPath is not { } path
            || bus.List().FirstOrDefault(d => d.Path == path && d.Interfaces.Any(DfuDescription.IsDfuMode) && !filter.MatchesIds(d)) is not { } other)
        {
            return;
        }

        throw new UploadException(
            UploadError.NoDevice,
            $"The board at {path} has a different bootloader: {other.Id}, not {string.Join(" or ", filter.Ids)}. Nothing was erased"
                + (TryLeave(other, strictPolling, cancellationToken) ? ", and the board was told to start its old sketch again." : "."),
            "Are the right board and upload method selected? `upload-helper list` shows what is plugged in.");
    }

    private bool TryLeave(UsbDeviceInfo other, bool strictPolling, CancellationToken cancellationToken)
    {
        try
        {
            using var candidate = BootloaderCandidate.Open(bus, other, new DeviceFilter([other.Id], other.Path), time, hold: true);
            if (candidate?.Start(strictPolling, time, cancellationToken) is not { } open)
            {
                return false;
            }

            var memory = open.Protocol.Memories[0];
            var bootloader = open.Protocol.Create(open.Device, open.Connection, memory);
            if (!bootloader.CanLeave)
            {
                return false;
            }

            bootloader.Leave(open.Protocol.SketchStart);
            return true;
        }
        catch (Exception e) when (e is UsbException or DfuException or UploadException)
        {
            return false;
        }
    }
}
