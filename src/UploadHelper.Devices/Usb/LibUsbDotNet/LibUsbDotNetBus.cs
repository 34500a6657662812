using UploadHelper.Core.Usb;

namespace UploadHelper.Devices.Usb.LibUsbDotNet;

/// <summary>
/// This machine's USB devices through the package LibUsbDotNet 3. Each look is a context of its own: without a running
/// udev, a context sees nothing of what was plugged in after its start.
/// </summary>
internal sealed class LibUsbDotNetBus : IUsbBus
{
    /// <inheritdoc/>
    public IReadOnlyList<UsbDeviceInfo> List()
    {
        using var context = new LibUsbDotNetContext();
        return [.. context.Devices.Select(d => d.Info)];
    }

    /// <inheritdoc/>
    public IUsbDevice Open(UsbDeviceInfo device)
    {
        var context = new LibUsbDotNetContext();
        try
        {
            var (found, info) = context.Devices.FirstOrDefault(d => d.Info.Bus == device.Bus && d.Info.Number == device.Number);
            return found is null
                ? throw new UsbException(UsbFault.Gone, $"The device at {device.Path} is no longer on the bus.")
                : new LibUsbDotNetDevice(context, found, info, this);
        }
        catch
        {
            context.Dispose();
            throw;
        }
    }
}
