using UploadHelper.Core.Usb;

namespace UploadHelper.Devices.Usb.LibUsb;

/// <summary>
/// This machine's USB devices through libusb-1.0. Each look is a context of its own (0.1 ms on Linux): without a
/// running udev, a context sees nothing of what was plugged in after its start.
/// </summary>
internal sealed class LibUsbBus : IUsbBus
{
    /// <inheritdoc/>
    public IReadOnlyList<UsbDeviceInfo> List()
    {
        using var context = new LibUsbContext();
        return [.. context.Devices.Select(d => d.Info)];
    }

    /// <inheritdoc/>
    public IUsbDevice Open(UsbDeviceInfo device)
    {
        var context = new LibUsbContext();
        try
        {
            var (pointer, info) = context.Devices.FirstOrDefault(d => d.Info.Bus == device.Bus && d.Info.Number == device.Number);
            return pointer == 0
                ? throw new UsbException(UsbFault.Gone, $"The device at {device.Path} is no longer on the bus.")
                : new LibUsbDevice(context, pointer, info, this);
        }
        catch
        {
            context.Dispose();
            throw;
        }
    }
}
