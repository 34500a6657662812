using UploadHelper.Core.Usb;

namespace UploadHelper.Devices.Usb.LibUsb;

/// <summary>
/// This machine's USB devices through libusb-1.0 alone. Each look is a context of its own: on Windows one sees nothing of
/// what is plugged in after its start, on Linux only where udev runs.
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
            if (pointer == 0)
            {
                throw new UsbException(UsbFault.Gone, $"The device at {device.Path} is no longer on the bus.");
            }

            LibUsbError.Check(LibUsb.Open(pointer, out var handle), $"Opening the device at {info.Path}");
            return new LibUsbDevice(handle, info, this, context);
        }
        catch
        {
            context.Dispose();
            throw;
        }
    }
}
