using UploadHelper.Core.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Uploading;

/// <summary>
/// Sees that the board that was reset came back with another bootloader than the wanted one: the wrong board was chosen, or
/// the wrong bootloader for it. Waiting longer would not help, and after a magic reset some stay in DFU mode for ever.
/// </summary>
/// <param name="bus">The USB devices.</param>
/// <param name="time">The clock.</param>
internal sealed class OtherBootloader(IUsbBus bus, TimeProvider time)
{
    /// <summary>Looks at the board's place, and has another bootloader that came there start its sketch again.</summary>
    /// <param name="request">What is wanted; nothing happens unless it says where.</param>
    /// <param name="cancellationToken">Looked at before each transfer.</param>
    /// <exception cref="UploadException"><see cref="UploadError.NoDevice"/>: there is another.</exception>
    public void Refuse(BootloaderRequest request, CancellationToken cancellationToken)
    {
        if (request.Filter.UsbPath is not { } path
            || bus.List().FirstOrDefault(d => d.Path == path && d.Interfaces.Any(DfuDescription.IsDfuMode) && !request.Filter.MatchesIds(d)) is not { } other)
        {
            return;
        }

        throw new UploadException(
            UploadError.NoDevice,
            $"The board at {path} has another bootloader: {other.Id} came, not {string.Join(" or ", request.Filter.Ids)}. Nothing was erased"
                + (Leave(other, request, cancellationToken) ? ", and it was told to start its old sketch again." : "."),
            "Are the right board and upload method chosen? `upload-helper list` shows what is plugged in.");
    }

    private bool Leave(UsbDeviceInfo other, BootloaderRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var filter = new DeviceFilter([other.Id], other.Path);
            using var candidate = new BootloaderOpener(bus, time).Open(other, filter, hold: true);
            if (candidate?.Start(request, time, cancellationToken) is not { CanLeave: true } session)
            {
                return false;
            }

            session.Leave();
            return true;
        }
        catch (Exception e) when (e is UsbException or DfuException or UploadException)
        {
            return false;
        }
    }
}
