using UploadHelper.Core.Serial;
using UploadHelper.Core.Timing;

namespace UploadHelper.Core.Uploading;

/// <summary>
/// Sees the sketch start by its serial port: one that was not there while the bootloader was, with the old name, at
/// the same place on the bus, or with the same ids. It may come back under another name.
/// </summary>
internal sealed class SketchArrival(ISerialPorts ports, TimeProvider time, SerialPortInfo? before, string usbPath)
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

            time.Wait(Looks.Interval, cancellationToken);
        }
    }

    private bool IsTheSketchs(SerialPortInfo port) =>
        (before is not null && PortNames.Same(port.Name, before.Name))
        || (usbPath.Length > 0 && port.UsbPath == usbPath)
        || (before?.VendorId is not null && port.VendorId == before.VendorId && port.ProductId == before.ProductId);
}
