using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Serial;

namespace UploadHelper.Core.Operations;

/// <summary>The end of an upload: the bootloader is asked to start the sketch, and the sketch is seen by its serial port.</summary>
/// <param name="ports">The serial ports.</param>
/// <param name="time">The clock.</param>
/// <param name="events">Told what goes on.</param>
internal sealed class SketchStart(ISerialPorts ports, TimeProvider time, Action<UploadEvent> events)
{
    // Time enough for a hand to find the button.
    private static readonly TimeSpan PressingReset = TimeSpan.FromSeconds(10);

    /// <summary>Tells before anything is written what will have to be done by hand afterwards.</summary>
    public void Warn(BootloaderSession session, UploadRequest request)
    {
        if (request.Leave && !session.CanLeave)
        {
            events(new UploadWarning(
                WarningCode.ResetNeeded,
                "This bootloader starts a sketch by a reset of the USB bus, which cannot be done here (with the driver WinUSB on Windows). "
                    + "When the upload is done, the sketch starts only when you press RESET.",
                "With the driver libusbK or libusb0, for example from Zadig, it starts by itself."));
        }
    }

    /// <summary>Starts the sketch; the session is over.</summary>
    /// <param name="session">The bootloader.</param>
    /// <param name="request">Whether to wait for the port.</param>
    /// <param name="address">Where the sketch begins.</param>
    /// <param name="written">Whether anything was written.</param>
    /// <param name="before">The sketch's port before the upload, or null.</param>
    /// <param name="cancellationToken">Looked at in each wait.</param>
    /// <returns>
    /// Whether the bootloader took the request; the port with which the sketch was seen to run, or null; and how long it
    /// still takes to start, if that was not waited for.
    /// </returns>
    /// <exception cref="UploadException"><see cref="UploadError.NotStarted"/>: it was to be seen, and was not.</exception>
    public (bool Left, string? Port, TimeSpan After) Run(
        BootloaderSession session, UploadRequest request, uint address, bool written, SerialPortInfo? before, CancellationToken cancellationToken)
    {
        var arrival = new SketchReturn(ports, time, before, session.Description.Device.Path);
        var canLeave = session.CanLeave;
        if (canLeave)
        {
            events(new LeavingBootloader(address));
            session.Leave(address);
        }

        session.Dispose();
        var after = written ? session.Info.StartsSketchAfter : session.Info.BootWindow;
        if (request.WaitPort == WaitPort.No || (request.WaitPort == WaitPort.Auto && before is null))
        {
            return (canLeave, null, after);
        }

        var limit = after + SketchReturn.Enumeration + (canLeave ? TimeSpan.Zero : PressingReset);
        events(new WaitingForSketch(limit, AskForReset: !canLeave));
        var port = arrival.WaitFor(limit, cancellationToken);
        if (port is null)
        {
            Unseen(session.Info, request.WaitPort, limit);
        }

        return (canLeave, port, TimeSpan.Zero);
    }

    private void Unseen(BootloaderInfo quirks, WaitPort wait, TimeSpan limit)
    {
        const string Unseen = "The sketch's serial port did not come back";
        var hint = quirks.NotStarted ?? "Press RESET on the board. Does the sketch use USB serial at all?";
        if (wait == WaitPort.Yes)
        {
            throw new UploadException(
                UploadError.NotStarted, $"{Unseen} in {limit.TotalSeconds:0} s: the sketch was not seen to start. {ErrorMessages.Written}", hint);
        }

        events(new UploadWarning(WarningCode.PortNotBack, $"{Unseen} in {limit.TotalSeconds:0} s. {ErrorMessages.Written}", hint));
    }
}
