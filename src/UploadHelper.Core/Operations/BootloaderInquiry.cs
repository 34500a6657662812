using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Protocols;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Operations;

/// <summary>Queries a bootloader for its state, without changing that state. Does not wait for a bootloader.</summary>
/// <param name="bus">The USB devices.</param>
/// <param name="time">The clock.</param>
/// <param name="events">Receives a warning before the query if it has a lasting effect.</param>
public sealed class BootloaderInquiry(IUsbBus bus, TimeProvider time, Action<UploadEvent> events)
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(2);

    /// <summary>Finds the one board in DFU mode that is wanted.</summary>
    /// <param name="ids">Its ids, or null for any.</param>
    /// <param name="path">Its USB path, or null for any.</param>
    /// <param name="serialNumber">Its serial number, or null for any; read from its descriptors.</param>
    /// <exception cref="UploadException"><see cref="UploadError.NoDevice"/> or <see cref="UploadError.SeveralDevices"/>.</exception>
    public UsbDeviceInfo Choose(IReadOnlyList<UsbId>? ids, string? path, string? serialNumber = null)
    {
        var devices = ErrorMessages.Listing(bus.List);
        var found = devices
            .Where(d => DfuDescription.IsBootloader(d) && (ids is null || ids.Contains(d.Id)) && (path is null || d.Path == path))
            .Where(d => serialNumber is null || SerialNumberOf(d) == serialNumber)
            .ToList();
        return found switch
        {
            [var only] => only,
            [] => throw new UploadException(
                UploadError.NoDevice,
                ((ids, path, serialNumber) is (null, null, null) ? "No board is in DFU mode." : $"No board {(ids is null ? "" : $"with {string.Join(" or ", ids)} ")}{(path is null ? "" : $"at {path} ")}{(serialNumber is null ? "" : $"with serial number {serialNumber} ")}is in DFU mode.")
                    + ErrorMessages.OtherDevices([], devices),
                $"Press RESET on the board and {Again.Clause} at once."),
            _ => throw new UploadException(
                UploadError.SeveralDevices,
                $"{found.Count} boards are in DFU mode: {string.Join(", ", found.Select(d => $"{d.Id} at {d.Path}"))}.",
                $"Choose one: --usb-path {found[0].Path}"),
        };
    }

    /// <summary>Queries the USART bootloader in ROM; waits for it.</summary>
    /// <param name="ports">The serial ports.</param>
    /// <param name="request">How to reach it.</param>
    /// <param name="cancellationToken">Checked in each wait.</param>
    /// <exception cref="UploadException">It does not answer, or its chip is not known.</exception>
    public UartState AskUart(ISerialPorts ports, BootloaderRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return new UartConnector(ports, time, events).Ask(request, cancellationToken);
        }
        catch (UsbException e)
        {
            throw ErrorMessages.Explain(e, ErrorMessages.Unchanged);
        }
    }

    /// <summary>Queries a bootloader.</summary>
    /// <exception cref="UploadException">It cannot be opened, does not respond, or is not a bootloader.</exception>
    public BootloaderState Ask(UsbDeviceInfo device, CancellationToken cancellationToken)
    {
        try
        {
            using var open = FirstContact.Open(bus, device, time, cancellationToken);
            var description = DfuDescription.Read(open) ?? throw new UploadException(
                UploadError.NotSupported, $"The device at {device.Path} has no DFU functional descriptor.", "`upload-helper list` shows its descriptors.");
            var (deviceDescriptor, configuration) = (UsbDescriptors.ReadDevice(open), UsbDescriptors.ReadConfiguration(open));
            WarnOfMaple(device);
            var status = description.IsHid ? (DfuStatus?)null : StatusOf(open, description.Alternates[0].Interface, cancellationToken);
            return new BootloaderState(description, status, Info(description), deviceDescriptor, configuration);
        }
        catch (UsbException e) when (e.Fault is UsbFault.AccessDenied or UsbFault.Busy or UsbFault.WrongDriver)
        {
            throw ErrorMessages.NotOpened(device, e);
        }
        catch (UsbException e)
        {
            throw ErrorMessages.Explain(e, ErrorMessages.Unchanged);
        }
        catch (DfuException e)
        {
            throw ErrorMessages.Explain(e, ErrorMessages.Unchanged);
        }
    }

    private DfuStatus StatusOf(IUsbDevice open, byte interfaceNumber, CancellationToken cancellationToken)
    {
        open.Claim(interfaceNumber);
        return new DfuConnection(open, interfaceNumber, time, cancellationToken).GetStatus(AnswerLimit);
    }

    private string? SerialNumberOf(UsbDeviceInfo device)
    {
        try
        {
            using var open = bus.Open(device);
            return DfuDescription.Read(open)?.SerialNumber;
        }
        catch (UsbException)
        {
            return null;
        }
    }

    // Any class request sets its busy flag, which is never cleared (STM32duino-bootloader, usb.c).
    private void WarnOfMaple(UsbDeviceInfo device)
    {
        if (device.Id == MapleFamily.Id)
        {
            events(new UploadWarning(
                WarningCode.StaysInDfu,
                $"{device.Id} at {device.Path} is a Maple bootloader: now that its state has been queried, it stays in DFU mode.",
                "To leave DFU mode, run `upload-helper leave` or press RESET. `upload-helper list` does not query the state."));
        }
    }

    private static BootloaderInfo? Info(DfuDescription description)
    {
        try
        {
            return BootloaderProtocol.Of(description).Info;
        }
        catch (UploadException)
        {
            return null;
        }
    }
}

/// <summary>What a query of a bootloader returns.</summary>
/// <param name="Description">Its descriptors.</param>
/// <param name="Status">Its state and status, before anything changes them; null for a HID bootloader, which has none.</param>
/// <param name="Info">Its entry in the catalogue; null if this program cannot upload through it.</param>
/// <param name="DeviceDescriptor">Its device descriptor (USB 2.0, 9.6.1), byte for byte.</param>
/// <param name="Configuration">Its configuration descriptor with everything that follows it, byte for byte.</param>
public sealed record BootloaderState(
    DfuDescription Description, DfuStatus? Status, BootloaderInfo? Info, ReadOnlyMemory<byte> DeviceDescriptor, ReadOnlyMemory<byte> Configuration);
