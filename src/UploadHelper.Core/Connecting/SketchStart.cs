using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Timing;
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

    /// <summary>Warns before anything is written if the user will or may have to press RESET afterwards.</summary>
    public void Warn()
    {
        if (!session.CanLeave)
        {
            events(new UploadWarning(
                WarningCode.ResetNeeded,
                $"{ErrorMessages.NoBusReset} When the upload is complete, press RESET to start the sketch.",
                "With the libusbK or libusb0 driver (Windows, for example from Zadig) or a newer libusb (macOS), it starts automatically."));
        }
        else if (session.Info.MayNotStart is { } why)
        {
            events(new UploadWarning(WarningCode.StartUncertain, why, "If the sketch does not start when the upload is complete, press RESET."));
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
        // An adapter's port stays, whatever the board does; where the sketch's own will appear is not known.
        var atAdapter = session.Description.Device.IsAtSerialPort;
        var watcher = new SketchWatcher(ports, time, atAdapter ? null : before, session.Description.Device.Path) { AcceptsAnySketch = atAdapter };
        var canLeave = session.CanLeave;
        if (canLeave)
        {
            events(new LeavingBootloader(address));
            session.Leave(address);
        }

        session.Dispose();
        var after = hasWritten ? session.Info.StartsSketchAfter : session.Info.BootWindow;
        if (wait == WaitPort.No || (wait == WaitPort.Auto && (before is null || atAdapter)))
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
        var message = $"The sketch's serial port did not reappear within {limit.TotalSeconds:0} s";
        var hint = info.NotStarted ?? "Press RESET on the board. Check that the sketch uses USB serial.";
        if (wait == WaitPort.Yes)
        {
            throw new UploadException(UploadError.NotStarted, $"{message}, so the sketch may not be running. {ErrorMessages.Written}", hint);
        }

        events(new UploadWarning(WarningCode.PortNotBack, $"{message}. {ErrorMessages.Written}", hint));
    }
}

/// <summary>
/// Detects the start of the sketch by its serial port: a port that was not listed while the bootloader ran, and that has the
/// old name, the same USB path or the same USB ids. It may return under a different name.
/// </summary>
internal sealed class SketchWatcher(ISerialPorts ports, TimeProvider time, SerialPortInfo? before, string usbPath)
{
    /// <summary>How long a sketch may take to enumerate its serial port after its start.</summary>
    public static readonly TimeSpan Enumeration = TimeSpan.FromSeconds(5);

    private readonly HashSet<string> _portsOfBootloader = [.. ports.List().Select(p => p.Name)];

    /// <summary>Whether the port of any known sketch will do.</summary>
    public bool AcceptsAnySketch { get; init; }

    /// <summary>Waits for the port.</summary>
    /// <returns>Its name, or null if it did not appear in time.</returns>
    public string? WaitFor(TimeSpan limit, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            var isLast = time.GetElapsedTime(start) >= limit;
            var port = ports.List().FirstOrDefault(p => !_portsOfBootloader.Contains(p.Name) && BelongsToSketch(p));
            if (port is not null || isLast)
            {
                return port?.Name;
            }

            time.Wait(Waiting.PollInterval, cancellationToken);
        }
    }

    private bool BelongsToSketch(SerialPortInfo port) =>
        (before is not null && PortNames.Same(port.Name, before.Name))
        || (AcceptsAnySketch && UartConnector.SketchAt(port) is not null)
        || (usbPath.Length > 0 && port.UsbPath == usbPath)
        || (before?.VendorId is not null && port.VendorId == before.VendorId && port.ProductId == before.ProductId);
}

/// <summary>
/// Detects that a board has left DFU mode: the sketch's serial port has appeared, or the bootloader is no longer on the bus.
/// Create it before asking the bootloader to leave. The bootloader may reappear for a while first (F4Bootloader).
/// </summary>
internal sealed class LeaveWatcher(IUsbBus bus, ISerialPorts ports, TimeProvider time, DfuDescription bootloader)
{
    // A bootloader that has reset itself is back within a second (392 ms measured; Windows takes longer).
    // Counted in looks: a machine that wakes up has seen nothing of the time for which it slept.
    private static readonly int LooksUntilGone = (int)(TimeSpan.FromSeconds(3) / Waiting.PollInterval);

    private readonly SketchWatcher _sketch = new(ports, time, before: null, bootloader.Device.Path);

    /// <summary>Waits until the board has left DFU mode.</summary>
    /// <param name="address">Where the sketch begins.</param>
    /// <param name="startsAfter">How long the bootloader is known to stay after the request.</param>
    /// <param name="events">Receives progress.</param>
    /// <param name="cancellationToken">Checked in each wait.</param>
    /// <exception cref="UploadException"><see cref="UploadError.NotStarted"/>: the bootloader is still there.</exception>
    public LeaveResult WaitFor(uint address, TimeSpan startsAfter, Action<UploadEvent> events, CancellationToken cancellationToken)
    {
        var limit = startsAfter + SketchWatcher.Enumeration;
        events(new WaitingForSketch(limit, AskForReset: false));
        var start = time.GetTimestamp();
        var missed = 0;
        while (true)
        {
            var isLast = time.GetElapsedTime(start) >= limit;
            if (_sketch.WaitFor(TimeSpan.Zero, cancellationToken) is { } port)
            {
                return new LeaveResult(address, port, LeftGhost: false);
            }

            if (Listed() is not { } device)
            {
                if (++missed > LooksUntilGone)
                {
                    return new LeaveResult(address, null, LeftGhost: false);
                }
            }
            else if (isLast)
            {
                return FirstContact.IsGhost(bus, device, time, cancellationToken)
                    ? new LeaveResult(address, null, LeftGhost: true)
                    : throw new UploadException(
                        UploadError.NotStarted,
                        $"The board was told to start its sketch at 0x{address:X8}, but is still in its bootloader after {limit.TotalSeconds:0} s.",
                        "Check that there is a sketch at that address. If it is elsewhere, give its address (upload-helper leave ADDRESS); if there is none, upload one. Check that BOOT0 is low.");
            }
            else
            {
                missed = 0;
            }

            time.Wait(Waiting.PollInterval, cancellationToken);
        }
    }

    private UsbDeviceInfo? Listed() => bus.List().FirstOrDefault(
        d => d.Id == bootloader.Device.Id && d.Path == bootloader.Device.Path && DfuDescription.IsBootloader(d));
}

/// <summary>How a board has left DFU mode.</summary>
/// <param name="Address">Where its sketch begins.</param>
/// <param name="Port">The serial port of the running sketch, or null if none was seen.</param>
/// <param name="LeftGhost">Whether the bootloader is still listed on the bus, although it no longer responds.</param>
public sealed record LeaveResult(uint Address, string? Port, bool LeftGhost)
{
    /// <summary>Whether it was seen to leave; the chip at a serial port cannot be seen.</summary>
    public bool IsObserved { get; init; } = true;
}
