using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Connecting;

/// <summary>Whether to wait for the sketch's serial port to return.</summary>
public enum WaitPort
{
    /// <summary>Wait if a port was given; warn if it does not return.</summary>
    Auto,

    /// <summary>Wait; fail if no port appears.</summary>
    Yes,

    /// <summary>Do not wait.</summary>
    No,
}

/// <summary>How a sketch was started.</summary>
/// <param name="Left">Whether the bootloader accepted the request to start it.</param>
/// <param name="Port">The serial port of the running sketch, or null if none was seen.</param>
/// <param name="After">How long the sketch still takes to start; zero after waiting for its port.</param>
public sealed record StartResult(bool Left, string? Port, TimeSpan After);

/// <summary>The end of an upload: asks the bootloader to start the sketch, and waits for the sketch's serial port.</summary>
/// <param name="session">The bootloader.</param>
/// <param name="ports">The serial ports.</param>
/// <param name="time">The clock.</param>
/// <param name="events">Receives progress.</param>
internal sealed class SketchStart(BootloaderSession session, ISerialPorts ports, TimeProvider time, Action<UploadEvent> events)
{
    // Long enough for the user to press the button.
    private static readonly TimeSpan PressingReset = TimeSpan.FromSeconds(10);

    /// <summary>Warns before anything is written if the user will have to press RESET afterwards.</summary>
    public void Warn()
    {
        if (!session.CanLeave)
        {
            events(new UploadWarning(
                WarningCode.ResetNeeded,
                "This bootloader starts a sketch only after a USB bus reset, which is not possible here (on Windows: with the WinUSB driver). "
                    + "When the upload is complete, press RESET to start the sketch.",
                "With the libusbK or libusb0 driver, for example from Zadig, it starts automatically."));
        }
    }

    /// <summary>Starts the sketch and closes the session.</summary>
    /// <param name="address">Where the sketch begins.</param>
    /// <param name="hasWritten">Whether anything was written.</param>
    /// <param name="before">The sketch's port before the upload, or null.</param>
    /// <param name="wait">Whether to wait for the port.</param>
    /// <param name="cancellationToken">Checked in each wait.</param>
    /// <exception cref="UploadException"><see cref="UploadError.NotStarted"/>: its port should have appeared, but did not.</exception>
    /// <exception cref="UsbException">A transfer failed before the request to leave was sent.</exception>
    /// <exception cref="DfuException">The device refused.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public StartResult Run(uint address, bool hasWritten, SerialPortInfo? before, WaitPort wait, CancellationToken cancellationToken)
    {
        var watcher = new SketchWatcher(ports, time, before, session.Description.Device.Path);
        var canLeave = session.CanLeave;
        if (canLeave)
        {
            events(new LeavingBootloader(address));
            session.Leave(address);
        }

        session.Dispose();
        var after = hasWritten ? session.Info.StartsSketchAfter : session.Info.BootWindow;
        if (wait == WaitPort.No || (wait == WaitPort.Auto && before is null))
        {
            return new StartResult(canLeave, null, after);
        }

        var limit = after + SketchWatcher.Enumeration + (canLeave ? TimeSpan.Zero : PressingReset);
        events(new WaitingForSketch(limit, AskForReset: !canLeave));
        var port = watcher.WaitFor(limit, cancellationToken);
        if (port is null)
        {
            ReportMissingPort(session.Info, wait, limit);
        }

        return new StartResult(canLeave, port, TimeSpan.Zero);
    }

    private void ReportMissingPort(BootloaderInfo info, WaitPort wait, TimeSpan limit)
    {
        var message = $"The sketch's serial port did not return within {limit.TotalSeconds:0} s";
        var hint = info.NotStarted ?? "Press RESET on the board. Check that the sketch uses USB serial.";
        if (wait == WaitPort.Yes)
        {
            throw new UploadException(UploadError.NotStarted, $"{message}, so the sketch may not be running. {ErrorMessages.Written}", hint);
        }

        events(new UploadWarning(WarningCode.PortNotBack, $"{message}. {ErrorMessages.Written}", hint));
    }
}
