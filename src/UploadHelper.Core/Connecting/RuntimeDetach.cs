using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Connecting;

/// <summary>
/// Tells a device in DFU run-time mode to start its bootloader (USB DFU 1.1, 5.1): DETACH, and then a bus reset unless the device says
/// that it leaves the bus by itself. Only for a device that the user has named: the program that runs there may be doing something that
/// matters, and it may be no board at all (audio devices and phones have such an interface too).
/// </summary>
/// <param name="bus">The USB devices.</param>
/// <param name="time">The clock.</param>
/// <param name="events">Receives what is sent, and warnings.</param>
public sealed class RuntimeDetach(IUsbBus bus, TimeProvider time, Action<UploadEvent> events)
{
    private const byte WillDetach = 8;

    // A device that does not say how long it waits for the reset is given the time that dfu-util gives it.
    private const ushort LongestWait = 1000;

    private readonly HashSet<(int Bus, int Number)> _told = [];

    /// <summary>Tells the named device, once, if it is there.</summary>
    /// <param name="request">Which bootloader is wanted, and how the user has named the board.</param>
    /// <param name="cancellationToken">Checked in each wait.</param>
    /// <returns>Where the device is that was told to start its bootloader; null if none was.</returns>
    /// <exception cref="UploadException"><see cref="UploadError.SeveralDevices"/>: it is not clear which one.</exception>
    public string? Run(BootloaderRequest request, CancellationToken cancellationToken)
    {
        if (!request.Detach && request.Filter is { UsbPath: null, IsDefault: true })
        {
            return null;
        }

        var named = bus.List().Where(d => DfuDescription.IsRuntime(d) && IsNamed(d, request) && !_told.Contains((d.Bus, d.Number))).ToList();
        if (named.Count > 1)
        {
            throw Several(named, $"Choose one: --usb-path {named[0].Path}");
        }

        if (named.Count == 0)
        {
            return null;
        }

        _told.Add((named[0].Bus, named[0].Number));
        return Tell(named[0], cancellationToken) ? named[0].Path : null;
    }

    /// <summary>Tells every named device that is there, for an upload to several boards.</summary>
    /// <param name="request">Which bootloader is wanted, and how the user has named the boards; its place is ignored.</param>
    /// <param name="paths">The places of the boards, which name what is plugged in there; null for all boards.</param>
    /// <param name="cancellationToken">Checked in each wait.</param>
    /// <returns>Where the devices are that were told to start their bootloaders.</returns>
    /// <exception cref="UploadException"><see cref="UploadError.SeveralDevices"/>: only the option names them, and they are of several kinds.</exception>
    public IReadOnlyList<string> RunAll(BootloaderRequest request, IReadOnlyList<string>? paths, CancellationToken cancellationToken)
    {
        request = request with { Filter = request.Filter with { UsbPath = null } };
        var named = ErrorMessages.Listing(bus.List).Where(d => d.Path.Length > 0 && DfuDescription.IsRuntime(d) && (paths?.Contains(d.Path) ?? IsNamed(d, request))).ToList();
        if (paths is null && request.Filter.IsDefault && named.Select(d => d.Id).Distinct().Count() > 1)
        {
            throw Several(named, $"Choose the boards: --usb-id {named[0].Id},... with the ids of their bootloader too, or --usb-path with each of their places.");
        }

        return [.. named.Where(d => Tell(d, cancellationToken)).Select(d => d.Path)];
    }

    private static UploadException Several(IReadOnlyList<UsbDeviceInfo> named, string hint) => new(
        UploadError.SeveralDevices,
        $"{named.Count} devices are in DFU run-time mode: {string.Join("; ", named.Select(ErrorMessages.Place))}. {ErrorMessages.NothingErased}",
        hint);

    // By the option, by its place, or by its ids; the default ids name nothing.
    private static bool IsNamed(UsbDeviceInfo device, BootloaderRequest request) =>
        request.Filter.MatchesPlace(device)
        && (request.Detach || device.Path == request.Filter.UsbPath || (!request.Filter.IsDefault && request.Filter.Ids.Contains(device.Id)));

    private bool Tell(UsbDeviceInfo found, CancellationToken cancellationToken)
    {
        try
        {
            using var device = FirstContact.Open(bus, found, time, cancellationToken);
            var (number, functional) = Interface(device, found);
            var leavesByItself = functional is { Length: >= 3 } && (functional.Value.Span[2] & WillDetach) != 0;
            var wait = functional is { Length: >= 5 } ? (ushort)(functional.Value.Span[3] | functional.Value.Span[4] << 8) : LongestWait;
            device.Claim(number);
            events(new Detaching(found, BusReset: !leavesByItself));
            Detach(new DfuConnection(device, number, time, cancellationToken), Math.Min(wait, LongestWait));
            if (!leavesByItself)
            {
                Reset(device);
            }

            return true;
        }
        catch (Exception e) when (e is UsbException or UploadException { Error: UploadError.GhostDevice })
        {
            events(new UploadWarning(
                WarningCode.DetachFailed,
                $"{ErrorMessages.Place(found)} could not be told to start its bootloader: {(e is UsbException usb ? Reason(usb) : e.Message)}",
                "Start its bootloader by hand, as its documentation says."));
            return false;
        }
    }

    private static string Reason(UsbException e) => e.Fault switch
    {
        UsbFault.AccessDenied => "this user does not have permission to open it.",
        UsbFault.Busy => "another program is using it.",
        UsbFault.Stall => "it refused the request (STALL).",
        _ => e.Message,
    };

    // A device that is gone before it has answered has obeyed.
    private static void Detach(DfuConnection dfu, ushort wait)
    {
        try
        {
            dfu.Detach(wait);
        }
        catch (UsbException e) when (e.Fault == UsbFault.Gone)
        {
        }
    }

    private static void Reset(IUsbDevice device)
    {
        if (!device.CanReset)
        {
            throw new UsbException(UsbFault.Io, $"it needs a USB bus reset afterwards, {ErrorMessages.ResetNotPossible}");
        }

        try
        {
            device.Reset();
        }
        catch (UsbException e) when (e.Fault == UsbFault.Gone)
        {
        }
    }

    // The number of the run-time interface, and its functional descriptor if it has one.
    private static (byte Number, ReadOnlyMemory<byte>? Functional) Interface(IUsbDevice device, UsbDeviceInfo found)
    {
        byte? number = null;
        foreach (var part in UsbDescriptors.Split(UsbDescriptors.ReadConfiguration(device)))
        {
            if (UsbDescriptors.ReadInterface(part.Span) is { } i)
            {
                number ??= DfuDescription.IsRuntime(found with { Interfaces = [i] }) ? i.Number : null;
            }
            else if (number is { } dfu && part.Span[1] == DfuFunctionalDescriptor.DescriptorType)
            {
                return (dfu, part);
            }
        }

        return (number ?? throw new UsbException(UsbFault.Io, "its configuration has no DFU interface."), null);
    }
}

/// <summary>A device in DFU run-time mode is told to start its bootloader.</summary>
/// <param name="Device">The device.</param>
/// <param name="BusReset">Whether a bus reset follows the DETACH.</param>
public sealed record Detaching(UsbDeviceInfo Device, bool BusReset) : UploadEvent;
