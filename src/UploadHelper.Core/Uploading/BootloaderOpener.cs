using UploadHelper.Core.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Uploading;

/// <summary>Opens one device of a look at the bus and reads what it says of itself.</summary>
/// <param name="bus">The bus.</param>
/// <param name="time">The clock.</param>
internal sealed class BootloaderOpener(IUsbBus bus, TimeProvider time)
{
    /// <summary>Opens the device. Sends it no class request but the one that holds it.</summary>
    /// <param name="found">The device.</param>
    /// <param name="filter">Which is wanted; the serial number is known only now.</param>
    /// <param name="hold">
    /// Whether it is known already that this is the wanted one: it is then held at once. A Maple bootloader starts its sketch
    /// half a second after the system has come to know it (the F4 port) unless a class request reaches it before.
    /// </param>
    /// <returns>The candidate, or null if the device is not the wanted one.</returns>
    /// <exception cref="UsbException">It cannot be opened, or does not answer (<see cref="UsbFault.Timeout"/>).</exception>
    /// <exception cref="UploadException"><see cref="UploadError.NotSupported"/>.</exception>
    public BootloaderCandidate? Open(UsbDeviceInfo found, DeviceFilter filter, bool hold = false)
    {
        var device = bus.Open(found);
        try
        {
            var held = hold ? Hold(device) : null;
            var description = DfuDescription.Read(device)
                ?? throw BootloaderProfile.NotSupported(found, "it has no DFU functional descriptor");
            if (filter.SerialNumber is { } serial && serial != description.SerialNumber)
            {
                device.Dispose();
                return null;
            }

            return new BootloaderCandidate(device, description, BootloaderProfile.Of(description), held);
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    private BootloaderHold? Hold(IUsbDevice device)
    {
        var dfu = device.Info.Interfaces.Where(DfuDescription.IsDfuMode).ToList();
        if (dfu.Count == 0)
        {
            return null;
        }

        device.Claim(dfu[0].Number);
        try
        {
            return new BootloaderHold(new DfuConnection(device, dfu[0].Number, time, CancellationToken.None).GetStatus(BootloaderCandidate.FirstAnswer));
        }
        catch (UsbException e) when (e.Fault is UsbFault.Stall)
        {
            // Some ROMs refuse it while they are busy.
            return new BootloaderHold(null);
        }
        catch (DfuException)
        {
            // Too short an answer: it is asked again.
            return new BootloaderHold(null);
        }
    }
}
