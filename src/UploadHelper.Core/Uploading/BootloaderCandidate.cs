using UploadHelper.Core.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Uploading;

/// <summary>
/// An open device that has told what it is, by its descriptors alone: no class request was sent to it unless it is held
/// already. One parks a Maple bootloader in DFU mode for ever, and a device that is not wanted must not be changed by a look
/// at it.
/// </summary>
/// <param name="device">The open device.</param>
/// <param name="description">What it says of itself.</param>
/// <param name="profile">How it is talked to.</param>
/// <param name="hold">How it is held already, or null.</param>
internal sealed class BootloaderCandidate(IUsbDevice device, DfuDescription description, BootloaderProfile profile, BootloaderHold? hold) : IDisposable
{
    /// <summary>A bootloader answers within a frame or two. A device that a bootloader left behind on the bus never does.</summary>
    public static readonly TimeSpan FirstAnswer = TimeSpan.FromMilliseconds(500);

    /// <summary>What it says of itself.</summary>
    public DfuDescription Description => description;

    /// <summary>What is known of its kind.</summary>
    public DfuQuirks Quirks => profile.Quirks;

    /// <summary>Brings the bootloader to dfuIDLE. The session owns the device from then on.</summary>
    /// <returns>The session, or null if the device had to be reset for that, and will come back, or will start its sketch.</returns>
    /// <param name="request">How it is to be talked to.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Looked at before each transfer.</param>
    /// <exception cref="UsbException">It does not answer (<see cref="UsbFault.Timeout"/>), or a transfer failed.</exception>
    /// <exception cref="DfuException">It does not become idle.</exception>
    public BootloaderSession? Start(BootloaderRequest request, TimeProvider time, CancellationToken cancellationToken)
    {
        var first = profile.Memories[0].Alternate;
        if (hold is null)
        {
            device.Claim(first.Interface);
        }

        device.SetAlternateSetting(first.Interface, first.Setting);
        var connection = new DfuConnection(device, first.Interface, time, cancellationToken)
        {
            Polling = new Polling(early: profile.Quirks.PollsEarly is not null && !request.StrictPolling),
        };
        try
        {
            if (hold?.Status?.State != DfuState.Idle)
            {
                connection.Idle(FirstAnswer);
            }
        }
        catch (DfuException e) when (e.Status?.State == DfuState.ManifestWaitReset && device.CanReset)
        {
            // Another host has ended its download, and did not reset the bus.
            device.Reset();
            return null;
        }

        return new BootloaderSession(device, description, profile, connection);
    }

    /// <inheritdoc/>
    public void Dispose() => device.Dispose();
}

/// <summary>The hold on a device whose interface is claimed, and that was asked for its status.</summary>
/// <param name="Status">What it said, or null if it could not say.</param>
internal sealed record BootloaderHold(DfuStatus? Status);
