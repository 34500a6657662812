using UploadHelper.Core.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Uploading;

/// <summary>Opens one device of a look at the bus and reads what it says of itself.</summary>
/// <param name="bus">The bus.</param>
internal sealed class BootloaderOpener(IUsbBus bus)
{
    /// <summary>Opens the device. Sends it no class request.</summary>
    /// <param name="found">The device.</param>
    /// <param name="filter">Which is wanted; the serial number is known only now.</param>
    /// <returns>The candidate, or null if the device is not the wanted one.</returns>
    /// <exception cref="UsbException">It cannot be opened, or does not answer (<see cref="UsbFault.Timeout"/>).</exception>
    /// <exception cref="UploadException"><see cref="UploadError.NotSupported"/>.</exception>
    public BootloaderCandidate? Open(UsbDeviceInfo found, DeviceFilter filter)
    {
        var device = bus.Open(found);
        try
        {
            var description = DfuDescription.Read(device)
                ?? throw BootloaderProfile.NotSupported(found, "it has no DFU functional descriptor");
            if (filter.SerialNumber is { } serial && serial != description.SerialNumber)
            {
                device.Dispose();
                return null;
            }

            return new BootloaderCandidate(device, description, BootloaderProfile.Of(description));
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }
}
