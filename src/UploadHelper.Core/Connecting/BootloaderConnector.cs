using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Connecting;

/// <summary>
/// Gets a board into its bootloader and opens it: takes one that answers already, else sends the magic reset to the
/// sketch's port and waits for the bootloader to come.
/// </summary>
/// <param name="bus">The USB devices.</param>
/// <param name="ports">The serial ports.</param>
/// <param name="time">The clock.</param>
/// <param name="events">Told what goes on, on the caller's thread.</param>
public sealed class BootloaderConnector(IUsbBus bus, ISerialPorts ports, TimeProvider time, Action<UploadEvent> events)
{
    /// <summary>Connects.</summary>
    /// <returns>The bootloader, in dfuIDLE.</returns>
    /// <exception cref="UploadException">None came, more than one did, or it could not be opened.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public BootloaderSession Connect(BootloaderRequest request, CancellationToken cancellationToken)
    {
        request = AtPortsPlace(request);
        var finder = new BootloaderFinder(bus, time, events);
        var session = ErrorMessages.Listing(() => finder.Find(request, cancellationToken));
        if (session is null)
        {
            var reset = request.Port is not null && Reset(request.Port, cancellationToken);
            events(new WaitingForBootloader(request.Filter, request.Timeout, AskForReset: !reset));
            session = finder.WaitFor(request, cancellationToken, request.Port is null ? null : WatchBoard(request, request.Port, cancellationToken));
        }
        else if (request.Port is not null)
        {
            events(new ResetSkipped(request.Port));
        }

        events(new BootloaderFound(session.Description, session.Info, session.Polling.IsEarly));
        return session;
    }

    /// <summary>Has a bootloader without a sketch leave, so that it starts anew, and opens it again.</summary>
    /// <param name="session">The bootloader; it is closed.</param>
    /// <param name="request">As for <see cref="Connect"/>.</param>
    /// <param name="cancellationToken">Looked at in each wait.</param>
    /// <exception cref="UploadException">It did not come back.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public BootloaderSession Restart(BootloaderSession session, BootloaderRequest request, CancellationToken cancellationToken)
    {
        using (session)
        {
            session.Leave();
        }

        events(new WaitingForBootloader(request.Filter, request.Timeout, AskForReset: false));
        return new BootloaderFinder(bus, time, events).WaitFor(AtPortsPlace(request), cancellationToken);
    }

    // A port whose place on the bus is known names the board: another one in DFU mode is not it. An adapter is no board.
    private BootloaderRequest AtPortsPlace(BootloaderRequest request) =>
        request.Filter.UsbPath is null && request.Port is { } name
            && PortNames.Find(ports.List(), name) is { UsbPath: { } path } port && SketchPort.WhatElse(port) is null
            ? request with { Filter = request.Filter with { UsbPath = path } }
            : request;

    // A Maple bootloader stays for about a second, which a busy machine may miss: the sketch is back then, and is reset again.
    private Action WatchBoard(BootloaderRequest request, string name, CancellationToken cancellationToken)
    {
        var other = new OtherBootloader(bus, time);
        var wasGone = !PortNames.IsListed(ports, name);
        var attempts = 2;
        return () =>
        {
            other.Refuse(request, cancellationToken);
            var port = ports.List().FirstOrDefault(p => PortNames.Same(p.Name, name) || (p.UsbPath is not null && p.UsbPath == request.Filter.UsbPath));
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
}

/// <summary>
/// Sees that the board that was reset came back with another bootloader than the wanted one: the wrong board was chosen, or
/// the wrong bootloader for it. Waiting longer would not help, and after a magic reset some stay in DFU mode for ever.
/// </summary>
/// <param name="bus">The USB devices.</param>
/// <param name="time">The clock.</param>
internal sealed class OtherBootloader(IUsbBus bus, TimeProvider time)
{
    /// <summary>Looks at the board's place, and has another bootloader that came there start its sketch again.</summary>
    /// <param name="request">What is wanted; nothing happens unless it says where.</param>
    /// <param name="cancellationToken">Looked at before each transfer.</param>
    /// <exception cref="UploadException"><see cref="UploadError.NoDevice"/>: there is another.</exception>
    public void Refuse(BootloaderRequest request, CancellationToken cancellationToken)
    {
        if (request.Filter.UsbPath is not { } path
            || bus.List().FirstOrDefault(d => d.Path == path && d.Interfaces.Any(DfuDescription.IsDfuMode) && !request.Filter.MatchesIds(d)) is not { } other)
        {
            return;
        }

        throw new UploadException(
            UploadError.NoDevice,
            $"The board at {path} has another bootloader: {other.Id} came, not {string.Join(" or ", request.Filter.Ids)}. Nothing was erased"
                + (Leave(other, request, cancellationToken) ? ", and it was told to start its old sketch again." : "."),
            "Are the right board and upload method chosen? `upload-helper list` shows what is plugged in.");
    }

    private bool Leave(UsbDeviceInfo other, BootloaderRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var filter = new DeviceFilter([other.Id], other.Path);
            using var candidate = new BootloaderOpener(bus, time).Open(other, filter, hold: true);
            if (candidate?.Start(request, time, cancellationToken) is not { CanLeave: true } session)
            {
                return false;
            }

            session.Leave();
            return true;
        }
        catch (Exception e) when (e is UsbException or DfuException or UploadException)
        {
            return false;
        }
    }
}
