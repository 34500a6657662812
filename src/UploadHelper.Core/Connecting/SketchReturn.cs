using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Timing;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Connecting;

/// <summary>
/// Sees the sketch start by its serial port: one that was not there while the bootloader was, with the old name, at
/// the same place on the bus, or with the same ids. It may come back under another name.
/// </summary>
internal sealed class SketchReturn(ISerialPorts ports, TimeProvider time, SerialPortInfo? before, string usbPath)
{
    /// <summary>How long a sketch may take from its start to its serial port.</summary>
    public static readonly TimeSpan Enumeration = TimeSpan.FromSeconds(5);

    private readonly HashSet<string> _withBootloader = [.. ports.List().Select(p => p.Name)];

    /// <summary>Waits for the port.</summary>
    /// <returns>Its name, or null if it did not come in time.</returns>
    public string? WaitFor(TimeSpan limit, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            var port = ports.List().FirstOrDefault(p => !_withBootloader.Contains(p.Name) && IsTheSketchs(p));
            if (port is not null || time.GetElapsedTime(start) >= limit)
            {
                return port?.Name;
            }

            time.Wait(Waiting.PollInterval, cancellationToken);
        }
    }

    private bool IsTheSketchs(SerialPortInfo port) =>
        (before is not null && PortNames.Same(port.Name, before.Name))
        || (usbPath.Length > 0 && port.UsbPath == usbPath)
        || (before?.VendorId is not null && port.VendorId == before.VendorId && port.ProductId == before.ProductId);
}

/// <summary>
/// Sees a board go out of DFU mode: by the sketch's serial port, or because its bootloader is no longer on the bus.
/// Made before it is asked to leave. It may come back for a while first (F4Bootloader).
/// </summary>
internal sealed class LeaveWatcher(IUsbBus bus, ISerialPorts ports, TimeProvider time, DfuDescription bootloader)
{
    // A bootloader that has reset itself is back within one (392 ms were measured; Windows takes longer).
    private static readonly TimeSpan GoneForGood = TimeSpan.FromSeconds(3);

    private readonly SketchReturn _arrival = new(ports, time, before: null, bootloader.Device.Path);

    /// <summary>Waits for it.</summary>
    /// <param name="address">Where the sketch begins.</param>
    /// <param name="startsAfter">How long the bootloader is known to stay.</param>
    /// <param name="events">Receives progress.</param>
    /// <param name="cancellationToken">Checked in each wait.</param>
    /// <exception cref="UploadException"><see cref="UploadError.NotStarted"/>: it is still there.</exception>
    public LeaveResult WaitFor(uint address, TimeSpan startsAfter, Action<UploadEvent> events, CancellationToken cancellationToken)
    {
        var limit = startsAfter + SketchReturn.Enumeration;
        events(new WaitingForSketch(limit, AskForReset: false));
        var start = time.GetTimestamp();
        var seen = start;
        while (true)
        {
            if (_arrival.WaitFor(TimeSpan.Zero, cancellationToken) is { } port)
            {
                return new LeaveResult(address, port, LeftGhost: false);
            }

            if (Listed() is not { } device)
            {
                if (time.GetElapsedTime(seen) >= GoneForGood)
                {
                    return new LeaveResult(address, null, LeftGhost: false);
                }
            }
            else if (time.GetElapsedTime(start) >= limit)
            {
                return IsGhost(device)
                    ? new LeaveResult(address, null, LeftGhost: true)
                    : throw new UploadException(
                        UploadError.NotStarted,
                        $"The board was told to start its sketch at 0x{address:X8}, but is still in its bootloader after {limit.TotalSeconds:0} s.",
                        "Check that there is a sketch at that address: give its address (upload-helper leave 0x08004000), or upload one. Check that BOOT0 is low.");
            }
            else
            {
                seen = time.GetTimestamp();
            }

            time.Wait(Waiting.PollInterval, cancellationToken);
        }
    }

    private UsbDeviceInfo? Listed() => bus.List().FirstOrDefault(
        d => d.Id == bootloader.Device.Id && d.Path == bootloader.Device.Path && d.Interfaces.Any(DfuDescription.IsDfuMode));

    // Descriptors only: whatever answers these is there.
    private bool IsGhost(UsbDeviceInfo device)
    {
        try
        {
            using var open = bus.Open(device);
            _ = UsbDescriptors.ReadDevice(open);
            return false;
        }
        catch (UsbException e)
        {
            return e.Fault is UsbFault.Timeout;
        }
    }
}

/// <summary>How a board has left DFU mode.</summary>
/// <param name="Address">Where its sketch begins.</param>
/// <param name="Port">The serial port with which the sketch was seen to run, or null if none was seen.</param>
/// <param name="LeftGhost">Whether the bootloader is still listed on the bus, though it answers nothing any more.</param>
public sealed record LeaveResult(uint Address, string? Port, bool LeftGhost);
