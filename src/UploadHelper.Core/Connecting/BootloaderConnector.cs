using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Protocols;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Timing;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Connecting;

/// <summary>Puts a board into its bootloader, and opens it.</summary>
internal interface IBootloaderConnector
{
    /// <summary>Connects.</summary>
    /// <param name="request">Which bootloader.</param>
    /// <param name="filter">The request's filter, with the board's USB path if that is known.</param>
    /// <param name="cancellationToken">Checked in each wait.</param>
    /// <returns>The bootloader, ready for a command.</returns>
    /// <exception cref="UploadException">None appears, more than one does, or it cannot be opened.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    OpenBootloader Connect(BootloaderRequest request, DeviceFilter filter, CancellationToken cancellationToken);

    /// <summary>Waits for a bootloader that was restarted.</summary>
    /// <exception cref="UploadException">It did not return.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    OpenBootloader WaitForRestart(BootloaderRequest request, DeviceFilter filter, CancellationToken cancellationToken);

    /// <summary>Reopens a board that disconnected.</summary>
    /// <returns>The bootloader, ready for a command; null if that board does not return.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    OpenBootloader? Reconnect(BootloaderRequest request, DeviceFilter filter, DfuDescription before, CancellationToken cancellationToken);
}

/// <summary>
/// Puts a board into its bootloader and opens it: uses a bootloader that already answers, or resets the sketch through
/// its port and waits for the bootloader.
/// </summary>
/// <param name="bus">The USB devices.</param>
/// <param name="ports">The serial ports.</param>
/// <param name="time">The clock.</param>
/// <param name="events">Receives progress, on the caller's thread.</param>
internal sealed class BootloaderConnector(IUsbBus bus, ISerialPorts ports, TimeProvider time, Action<UploadEvent> events) : IBootloaderConnector
{
    /// <summary>How long <see cref="Reconnect"/> waits for a board: long enough for a reset, and for the user to plug it in again.</summary>
    public static readonly TimeSpan ReturnLimit = TimeSpan.FromSeconds(10);

    // A sketch that comes back is reset again, and fails in the same way.
    private readonly HashSet<UploadWarning> _warned = [];

    /// <inheritdoc/>
    public OpenBootloader Connect(BootloaderRequest request, DeviceFilter filter, CancellationToken cancellationToken)
    {
        var search = new BootloaderSearch(bus, time, events);
        var found = ErrorMessages.Listing(() => search.Find(filter, request.StrictPolling, cancellationToken));
        if (found is null)
        {
            request = request with { IsWithoutUsbRom = request.Port is { } sketch && SketchPort.IsWithoutUsbRom(PortNames.Find(ports.List(), sketch)) };
            var outcome = request.Port is null ? null : Reset(request, request.Port, cancellationToken);
            var reset = outcome is { Warning: null };

            // From now on, only the board that was told matters.
            var detach = new RuntimeDetach(bus, time, events);
            if (!reset && detach.Run(request, cancellationToken) is { } path)
            {
                (reset, filter) = (true, filter with { UsbPath = path.Length > 0 ? path : filter.UsbPath });
            }

            // Wait for a sketch that is being reset, or that can be; otherwise a board that is there under other ids is the one.
            var mayCome = reset || (request.Port is { } port && PortNames.IsListed(ports, port));
            search.NameOthers(filter, refuse: !mayCome);
            events(new WaitingForBootloader(filter, request.Timeout, AskForReset: !reset) { MayBeInRom = request.MayBeInRom });
            var watch = outcome is null ? null : new BoardWatch(ports, request.Port!, filter.UsbPath, outcome, request.MayBeInRom);
            found = search.WaitFor(
                request,
                filter,
                () =>
                {
                    if (watch is not null)
                    {
                        RefuseOtherBootloader(filter, request.StrictPolling, cancellationToken);
                        mayCome |= watch.PortToReset() is { } back && watch.WasReset(Reset(request, back, cancellationToken));
                    }

                    mayCome |= !reset && detach.Run(request, cancellationToken) is not null;
                    search.NameOthers(filter, refuse: !mayCome);
                },
                () => watch?.WhyNone() ?? (null, null),
                cancellationToken);
        }
        else if (request.Port is not null)
        {
            events(new ResetSkipped(request.Port));
        }

        events(new BootloaderFound(found.Description, found.Protocol.Info, found.Connection.Polling.IsEarly));
        return found;
    }

    /// <inheritdoc/>
    public OpenBootloader WaitForRestart(BootloaderRequest request, DeviceFilter filter, CancellationToken cancellationToken)
    {
        events(new WaitingForBootloader(filter, request.Timeout, AskForReset: false));
        return new BootloaderSearch(bus, time, events).WaitFor(request, filter, null, null, cancellationToken);
    }

    // It must be one of the same kind at the same USB path. (An L4 has a different serial number after each power-up.)
    /// <inheritdoc/>
    public OpenBootloader? Reconnect(BootloaderRequest request, DeviceFilter filter, DfuDescription before, CancellationToken cancellationToken)
    {
        if (before.Device.Path.Length == 0)
        {
            return null;
        }

        for (var start = time.GetTimestamp(); ; time.Wait(Waiting.PollInterval, cancellationToken))
        {
            var isLast = time.GetElapsedTime(start) >= ReturnLimit;
            try
            {
                var quiet = new BootloaderConnector(bus, ports, time, _ => { });
                var back = quiet.Connect(request with { Timeout = ReturnLimit }, filter with { UsbPath = before.Device.Path }, cancellationToken);
                if (back.Description.Device.Id == before.Device.Id
                    && back.Description.Alternates.SequenceEqual(before.Alternates)
                    && back.Protocol.Info.Name == BootloaderProtocol.Of(before).Info.Name)
                {
                    return back;
                }

                back.Device.Dispose();
                return null;
            }
            catch (UploadException e) when (!isLast && e.InnerException is UsbException { Fault: UsbFault.Io })
            {
                // The bus itself fails, as while its USB/IP server starts again.
            }
            catch (UploadException)
            {
                // The caller reports the disconnect, not the failure to reconnect.
                return null;
            }
        }
    }

    private ResetOutcome Reset(BootloaderRequest request, string port, CancellationToken cancellationToken)
    {
        var outcome = new SketchReset(ports, time, events).Run(port, cancellationToken);
        if (outcome.Warning is { } warning)
        {
            // RESET alone would only start that sketch again.
            var isDeaf = warning.Code is WarningCode.PortStillThere or WarningCode.PortStuck;
            warning = isDeaf && request.MayBeInRom ? warning with { Hint = ErrorMessages.HoldBoot0 } : warning;
            if (_warned.Add(warning))
            {
                events(warning);
            }
        }

        return outcome;
    }

    // The board was reset and has a different bootloader: the wrong board or bootloader was selected. Waiting longer would
    // not help, and after a magic reset some stay in DFU mode forever.
    private void RefuseOtherBootloader(DeviceFilter filter, bool strictPolling, CancellationToken cancellationToken)
    {
        if (filter.UsbPath is not { } path
            || bus.List().FirstOrDefault(d => d.Path == path && DfuDescription.IsBootloader(d) && !filter.MatchesIds(d)) is not { } other)
        {
            return;
        }

        throw new UploadException(
            UploadError.NoDevice,
            $"The board at {path} has a different bootloader: {other.Id}, not {filter.IdsText}. Nothing was erased"
                + (TryLeave(other, strictPolling, cancellationToken) ? ", and the board was told to start its old sketch again." : "."),
            $"Are the right board and upload method selected? To use this bootloader anyway, give --usb-id {other.Id}");
    }

    private bool TryLeave(UsbDeviceInfo other, bool strictPolling, CancellationToken cancellationToken)
    {
        try
        {
            using var candidate = BootloaderCandidate.Open(bus, other, new DeviceFilter([other.Id], other.Path), time, hold: true, cancellationToken);
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
