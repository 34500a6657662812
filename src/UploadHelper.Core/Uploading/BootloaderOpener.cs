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
    /// <param name="request">Which is wanted; the serial number is known only now.</param>
    /// <param name="cancellationToken">Looked at before each transfer.</param>
    /// <returns>The session, or null if the device is not the wanted one.</returns>
    /// <exception cref="UsbException">It cannot be opened, or does not answer (<see cref="UsbFault.Timeout"/>).</exception>
    /// <exception cref="DfuException">It does not become idle.</exception>
    /// <exception cref="UploadException"><see cref="UploadError.NotSupported"/>.</exception>
    public BootloaderSession? Open(UsbDeviceInfo found, BootloaderRequest request, CancellationToken cancellationToken)
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

            var memories = Memories(description);
            var quirks = DfuQuirkTable.For(description, memories[0].Map);
            var first = memories[0].Alternate;
            device.Claim(first.Interface);
            device.SetAlternateSetting(first.Interface, first.Setting);
            var connection = new DfuConnection(device, first.Interface, time, cancellationToken)
            {
                Polling = new Polling(early: quirks.PollsEarly is not null && !request.StrictPolling),
            };
            connection.Idle(FirstAnswer);
            return new BootloaderSession(device, description, memories, quirks, connection);
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    private static List<DfuMemory> Memories(DfuDescription description)
    {
        if (!description.IsDfuSe)
        {
            throw NotDfuSe(description.Device, "it does not speak DfuSe");
        }

        if (description.Functional.TransferSize == 0 || !description.Functional.CanDownload)
        {
            throw NotDfuSe(description.Device, "it says that it cannot be written");
        }

        var memories = new List<DfuMemory>();
        foreach (var alternate in description.Alternates)
        {
            try
            {
                memories.Add(new DfuMemory(alternate, MemoryMap.Parse(alternate.Name)));
            }
            catch (MemoryMapException)
            {
                // Not a memory that can be flashed; `list` shows it as it is.
            }
        }

        return memories.Count > 0 ? memories : throw NotDfuSe(description.Device, "none of its alternate settings has a memory map");
    }

    private static UploadException NotDfuSe(UsbDeviceInfo device, string why) => new(
        UploadError.NotSupported,
        $"{device.Id} at {device.Path} is not a bootloader that can be written: {why}. Nothing was erased.",
        "See what it says of itself: upload-helper list");
}
