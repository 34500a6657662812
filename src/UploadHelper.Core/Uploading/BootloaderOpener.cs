using UploadHelper.Core.Dfu;
using UploadHelper.Core.Dfu.DfuSe;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Uploading;

/// <summary>Opens one device of a look at the bus and brings its bootloader to dfuIDLE.</summary>
/// <param name="bus">The bus.</param>
/// <param name="time">The clock.</param>
internal sealed class BootloaderOpener(IUsbBus bus, TimeProvider time)
{
    // A bootloader answers within a frame or two. A device that a bootloader left behind on the bus never does.
    private static readonly TimeSpan FirstAnswer = TimeSpan.FromMilliseconds(500);

    /// <summary>Opens the device.</summary>
    /// <param name="found">The device.</param>
    /// <param name="request">Which alternate setting and serial number are wanted.</param>
    /// <param name="cancellationToken">Looked at before each transfer.</param>
    /// <returns>The session, or null if the device is not the wanted one.</returns>
    /// <exception cref="UsbException">It cannot be opened, or does not answer (<see cref="UsbFault.Timeout"/>).</exception>
    /// <exception cref="DfuException">It does not become idle.</exception>
    /// <exception cref="UploadException"><see cref="UploadError.NotSupported"/>.</exception>
    public BootloaderSession? Open(UsbDeviceInfo found, UploadRequest request, CancellationToken cancellationToken)
    {
        var device = bus.Open(found);
        try
        {
            var description = DfuDescription.Read(device) ?? throw NotDfuSe(found, "it has no DFU functional descriptor");
            if (request.Filter.SerialNumber is { } serial && serial != description.SerialNumber)
            {
                device.Dispose();
                return null;
            }

            var (alternate, map) = Choose(description, request);
            device.Claim(alternate.Interface);
            device.SetAlternateSetting(alternate.Interface, alternate.Setting);
            var connection = new DfuConnection(device, alternate.Interface, time, cancellationToken);
            connection.Idle(FirstAnswer);
            return new BootloaderSession(device, description, alternate, map, connection);
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    private static (DfuAlternate Alternate, MemoryMap Map) Choose(DfuDescription description, UploadRequest request)
    {
        if (!description.IsDfuSe)
        {
            throw NotDfuSe(description.Device, "it does not speak DfuSe");
        }

        if (description.Functional.TransferSize == 0 || !description.Functional.CanDownload)
        {
            throw NotDfuSe(description.Device, "it says that it cannot be written");
        }

        var maps = new List<(DfuAlternate Alternate, MemoryMap Map)>();
        foreach (var alternate in description.Alternates.Where(a => request.Alternate is null || request.Alternate == a.Setting))
        {
            try
            {
                maps.Add((alternate, MemoryMap.Parse(alternate.Name)));
            }
            catch (MemoryMapException)
            {
                // Not a memory that can be flashed; `list` shows it as it is.
            }
        }

        if (maps.Count == 0)
        {
            throw NotDfuSe(
                description.Device,
                request.Alternate is { } wanted ? $"its alternate setting {wanted} has no memory map" : "none of its alternate settings has a memory map");
        }

        return maps.FirstOrDefault(m => m.Map.Contains(request.Address)) is { Map: not null } fits ? fits : maps[0];
    }

    private static UploadException NotDfuSe(UsbDeviceInfo device, string why) => new(
        UploadError.NotSupported,
        $"{new UsbId(device.VendorId, device.ProductId)} at {device.Path} is not a bootloader that can be written: {why}. Nothing was erased.",
        "See what it says of itself: upload-helper list");
}
