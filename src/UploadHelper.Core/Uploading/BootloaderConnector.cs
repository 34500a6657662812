using UploadHelper.Core.Boards;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Uploading;

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
        var session = DeviceTrouble.Looking(() => finder.Find(request, cancellationToken));
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

        events(new BootloaderFound(session.Description, session.Quirks, session.Polling.IsEarly));
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
