using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Protocols;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Connecting;

/// <summary>
/// An open device, identified by its descriptors alone: it has received no class request, unless it is already held. A class
/// request keeps a Maple bootloader in DFU mode forever, and a device that is not the wanted one must not be changed.
/// </summary>
internal sealed class BootloaderCandidate : IDisposable
{
    private readonly IUsbDevice _device;
    private readonly BootloaderProtocol _protocol;
    private readonly bool _isHeld;
    private readonly DfuStatus? _status;

    private BootloaderCandidate(IUsbDevice device, DfuDescription description, uint? start, bool isHeld, DfuStatus? status)
    {
        _device = device;
        _protocol = BootloaderProtocol.Of(description, start);
        _isHeld = isHeld;
        _status = status;
        Description = description;
    }

    /// <summary>Its descriptors.</summary>
    public DfuDescription Description { get; }

    /// <summary>Its entry in the catalogue.</summary>
    public BootloaderInfo Info => _protocol.Info;

    /// <summary>Opens a listed device and reads its descriptors.</summary>
    /// <param name="bus">The USB devices.</param>
    /// <param name="found">The device.</param>
    /// <param name="filter">Which device is wanted; only now can its serial number be checked.</param>
    /// <param name="time">The clock.</param>
    /// <param name="hold">
    /// Whether this is already known to be the wanted device. Then it is held in DFU mode at once: a Maple bootloader starts its
    /// sketch half a second after enumeration (the F4 port) unless it receives a class request first.
    /// </param>
    /// <param name="cancellationToken">Checked in each wait.</param>
    /// <returns>The candidate, or null if the serial number does not match.</returns>
    /// <exception cref="UsbException">It cannot be opened, or a transfer failed.</exception>
    /// <exception cref="UploadException"><see cref="UploadError.NotSupported"/>, or <see cref="UploadError.GhostDevice"/>: it does not respond.</exception>
    public static BootloaderCandidate? Open(
        IUsbBus bus, UsbDeviceInfo found, DeviceFilter filter, TimeProvider time, bool hold, CancellationToken cancellationToken)
    {
        var dfu = hold ? found.Interfaces.Where(DfuDescription.IsDfuMode).Select(i => (byte?)i.Number).FirstOrDefault() : null;
        var (device, status) = dfu is { } number
            ? FirstContact.Open(bus, found, time, d => (d, Hold(d, number, time)), cancellationToken)
            : (FirstContact.Open(bus, found, time, cancellationToken), null);
        try
        {
            var description = DfuDescription.Read(device)
                ?? throw BootloaderProtocol.NotSupported(found, "it has no DFU functional descriptor");
            if (filter.SerialNumber is { } serial && serial != description.SerialNumber)
            {
                device.Dispose();
                return null;
            }

            return new BootloaderCandidate(device, description, filter.Start, dfu is not null, status);
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>Brings the bootloader to dfuIDLE. The result owns the device from then on.</summary>
    /// <returns>The bootloader, or null if the device had to be reset for that; it then reappears or starts its sketch.</returns>
    /// <param name="strictPolling">Whether to honour bwPollTimeout in any case.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Checked before each transfer.</param>
    /// <exception cref="UsbException">A transfer failed.</exception>
    /// <exception cref="DfuException">It does not reach dfuIDLE.</exception>
    public OpenBootloader? Start(bool strictPolling, TimeProvider time, CancellationToken cancellationToken)
    {
        var first = _protocol.Memories[0].Alternate;
        if (!_isHeld)
        {
            _device.Claim(first.Interface);
        }

        var connection = _protocol.Connect(_device, new Polling(early: Info.PollsEarly is not null && !strictPolling), time, cancellationToken);
        try
        {
            if (_status?.State != DfuState.Idle)
            {
                connection.Idle(FirstContact.AnswerLimit);
            }
        }
        catch (DfuException e) when (e.Status?.State == DfuState.ManifestWaitReset && _device.CanReset)
        {
            // Another host has completed a download without resetting the bus afterwards.
            _device.Reset();
            return null;
        }

        return new OpenBootloader(_device, Description, _protocol, connection);
    }

    /// <inheritdoc/>
    public void Dispose() => _device.Dispose();

    // The status is null if the device refused the request, as some ROMs do while they are busy: then Start asks again.
    private static DfuStatus? Hold(IUsbDevice device, byte dfu, TimeProvider time)
    {
        device.Claim(dfu);
        try
        {
            return new DfuConnection(device, dfu, time, CancellationToken.None).GetStatus(FirstContact.AnswerLimit);
        }
        catch (UsbException e) when (e.Fault is UsbFault.Stall)
        {
            return null;
        }
    }
}

/// <summary>An open bootloader that is ready for a command, as a session gets it.</summary>
/// <param name="Device">The open device, or the open port.</param>
/// <param name="Description">Its descriptors.</param>
/// <param name="Protocol">How to talk to it.</param>
/// <param name="Connection">The connection to it.</param>
internal sealed record OpenBootloader(IDisposable Device, DfuDescription Description, BootloaderProtocol Protocol, IBootloaderConnection Connection);
