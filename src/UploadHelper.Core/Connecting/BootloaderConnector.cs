using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Connecting;

/// <summary>
/// Puts a board into its bootloader and opens it: uses a bootloader that already answers, or sends the magic reset to the
/// sketch's port and waits for the bootloader.
/// </summary>
/// <param name="bus">The USB devices.</param>
/// <param name="ports">The serial ports.</param>
/// <param name="time">The clock.</param>
/// <param name="events">Receives progress, on the caller's thread.</param>
internal sealed class BootloaderConnector(IUsbBus bus, ISerialPorts ports, TimeProvider time, Action<UploadEvent> events)
{
    /// <summary>How long <see cref="Reconnect"/> waits for a board: long enough for a reset, and for the user to plug it in again.</summary>
    public static readonly TimeSpan ReturnLimit = TimeSpan.FromSeconds(10);

    /// <summary>Connects.</summary>
    /// <param name="request">Which bootloader.</param>
    /// <param name="filter">The request's filter, with the board's USB path if that is known.</param>
    /// <param name="cancellationToken">Checked in each wait.</param>
    /// <returns>The bootloader, in dfuIDLE.</returns>
    /// <exception cref="UploadException">None appears, more than one does, or it cannot be opened.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public OpenBootloader Connect(BootloaderRequest request, DeviceFilter filter, CancellationToken cancellationToken)
    {
        var search = new BootloaderSearch(bus, time, events);
        var found = ErrorMessages.Listing(() => search.Find(filter, request.StrictPolling, cancellationToken));
        if (found is null)
        {
            var reset = request.Port is not null && Reset(request.Port, cancellationToken);

            // Wait for a sketch that is being reset, or that can be; otherwise a board that is there under other ids is the one.
            var mayCome = reset || (request.Port is { } port && PortNames.IsListed(ports, port));
            search.NameOthers(filter, refuse: !mayCome);
            events(new WaitingForBootloader(filter, request.Timeout, AskForReset: !reset));
            var watch = request.Port is null ? null : BoardWatch(request, filter, cancellationToken);
            found = search.WaitFor(
                request,
                filter,
                () =>
                {
                    mayCome |= watch?.Invoke() ?? false;
                    search.NameOthers(filter, refuse: !mayCome);
                },
                cancellationToken);
        }
        else if (request.Port is not null)
        {
            events(new ResetSkipped(request.Port));
        }

        events(new BootloaderFound(found.Description, found.Protocol.Info, found.Connection.Polling.IsEarly));
        return found;
    }

    /// <summary>Waits for a bootloader that was restarted.</summary>
    /// <exception cref="UploadException">It did not return.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public OpenBootloader WaitForRestart(BootloaderRequest request, DeviceFilter filter, CancellationToken cancellationToken)
    {
        events(new WaitingForBootloader(filter, request.Timeout, AskForReset: false));
        return new BootloaderSearch(bus, time, events).WaitFor(request, filter, null, cancellationToken);
    }

    /// <summary>Reopens a board that disconnected: one of the same kind at the same USB path. (An L4 has a different serial number after each power-up.)</summary>
    /// <returns>The bootloader in dfuIDLE, or null if that board does not return.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public OpenBootloader? Reconnect(BootloaderRequest request, DeviceFilter filter, DfuDescription before, CancellationToken cancellationToken)
    {
        if (before.Device.Path.Length == 0)
        {
            return null;
        }

        try
        {
            var quiet = new BootloaderConnector(bus, ports, time, _ => { });
            var back = quiet.Connect(request with { Timeout = ReturnLimit }, filter with { UsbPath = before.Device.Path }, cancellationToken);
            if (back.Description.Device.Id == before.Device.Id && back.Description.Alternates.SequenceEqual(before.Alternates))
            {
                return back;
            }

            back.Device.Dispose();
            return null;
        }
        catch (UploadException)
        {
            // The caller reports the disconnect, not the failure to reconnect.
            return null;
        }
    }

    // A Maple bootloader stays for about a second, which a busy machine may miss: then the sketch is back, and is reset again.
    // Returns whether it was.
    private Func<bool> BoardWatch(BootloaderRequest request, DeviceFilter filter, CancellationToken cancellationToken)
    {
        var name = request.Port!;
        var wasGone = !PortNames.IsListed(ports, name);
        var attempts = 2;
        return () =>
        {
            RefuseOtherBootloader(filter, request.StrictPolling, cancellationToken);
            var port = ports.List().FirstOrDefault(p => PortNames.Same(p.Name, name) || (p.UsbPath is not null && p.UsbPath == filter.UsbPath));
            var isBack = port is not null && wasGone && attempts-- > 0;
            wasGone = port is null;
            return isBack && Reset(port!.Name, cancellationToken);
        };
    }

    private bool Reset(string port, CancellationToken cancellationToken)
    {
        events(new ResettingSketch(port));
        var warning = new SketchReset(ports, time).Run(port, cancellationToken);
        if (warning is not null)
        {
            events(warning);
        }

        return warning is null;
    }

    // The board was reset and has a different bootloader: the wrong board or bootloader was selected. Waiting longer would
    // not help, and after a magic reset some stay in DFU mode forever.
    private void RefuseOtherBootloader(DeviceFilter filter, bool strictPolling, CancellationToken cancellationToken)
    {
        if (filter.UsbPath is not { } path
            || bus.List().FirstOrDefault(d => d.Path == path && d.Interfaces.Any(DfuDescription.IsDfuMode) && !filter.MatchesIds(d)) is not { } other)
        {
            return;
        }

        throw new UploadException(
            UploadError.NoDevice,
            $"The board at {path} has a different bootloader: {other.Id}, not {filter.IdsText}. Nothing was erased"
                + (TryLeave(other, strictPolling, cancellationToken) ? ", and the board was told to start its old sketch again." : "."),
            $"Are the right board and upload method selected? To use this bootloader anyway, give --usb-id {other.Id}");
    }

    private bool TryLeave(UsbDeviceInfo other, bool strictPolling, CancellationToken cancellationToken)
    {
        try
        {
            using var candidate = BootloaderCandidate.Open(bus, other, new DeviceFilter([other.Id], other.Path), time, hold: true, cancellationToken);
            if (candidate?.Start(strictPolling, time, cancellationToken) is not { } open)
            {
                return false;
            }

            var memory = open.Protocol.Memories[0];
            var bootloader = open.Protocol.Create(open.Device, open.Connection, memory);
            if (!bootloader.CanLeave)
            {
                return false;
            }

            bootloader.Leave(open.Protocol.SketchStart);
            return true;
        }
        catch (Exception e) when (e is UsbException or DfuException or UploadException)
        {
            return false;
        }
    }
}

/// <summary>Which bootloader a job needs, and how to put the board into it.</summary>
/// <param name="Filter">Which bootloader.</param>
public record BootloaderRequest(DeviceFilter Filter)
{
    /// <summary>The sketch's serial port; null if the board has none or is already in its bootloader.</summary>
    public string? Port { get; init; }

    /// <summary>The alternate setting, or null for the one whose memory contains the address.</summary>
    public byte? Alternate { get; init; }

    /// <summary>How long to wait for the bootloader.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Whether to honour bwPollTimeout even where the bootloader is known to report too much.</summary>
    public bool StrictPolling { get; init; }

    /// <summary>
    /// The filter with the board's USB path, if the serial port reveals it, so that no other board in DFU mode matches. The
    /// port of a USB-serial adapter reveals nothing about the board.
    /// </summary>
    internal DeviceFilter FilterAt(ISerialPorts ports) =>
        Filter.UsbPath is null && Port is { } name
            && PortNames.Find(ports.List(), name) is { UsbPath: { } path } port && SketchPort.OtherDevice(port) is null
            ? Filter with { UsbPath = path }
            : Filter;
}

/// <summary>Selects a bootloader.</summary>
/// <param name="Ids">The accepted ids.</param>
/// <param name="UsbPath">Where it must be plugged in, or null for anywhere.</param>
/// <param name="SerialNumber">Its serial number, or null for any.</param>
public sealed record DeviceFilter(IReadOnlyList<UsbId> Ids, string? UsbPath = null, string? SerialNumber = null)
{
    /// <summary>The ids of ST's ROMs and of most DfuSe bootloaders in flash.</summary>
    public static UsbId StDfu => StRomFamily.Id;

    /// <summary>The ids to search for by default.</summary>
    public static IReadOnlyList<UsbId> KnownIds => BootloaderCatalogue.UploadIds;

    /// <summary>The ids that the image names, or null. A device that has them is wanted too, and preferred to all others.</summary>
    public UsbId? MadeFor { get; init; }

    /// <summary>Whether the user has named no ids.</summary>
    public bool IsDefault => Ids.SequenceEqual(KnownIds);

    /// <summary>The ids, for messages: "0483:DF11 or 28E9:0189".</summary>
    public string IdsText =>
        (MadeFor is { } id && !Ids.Contains(id) ? $"{id}, " : "")
        + (IsDefault ? $"{StRomFamily.Id}, {MapleFamily.Id} or any other known bootloader" : string.Join(" or ", Ids));

    /// <summary>The filter for an image that names the device it was made for. Ids that the user has named stay as they are.</summary>
    /// <param name="ids">The ids in the image, or null; 0000 and FFFF stand for any.</param>
    public DeviceFilter For(DfuFileIds? ids) =>
        ids is { Vendor: not (0 or 0xFFFF), Product: not (0 or 0xFFFF) } && IsDefault ? this with { MadeFor = new UsbId(ids.Vendor, ids.Product) } : this;

    /// <summary>Whether a listed device may be the bootloader; its serial number is not known yet.</summary>
    public bool Matches(UsbDeviceInfo device) => MatchesIds(device) && MatchesPlace(device);

    /// <summary>Whether a device is plugged in where it must be.</summary>
    public bool MatchesPlace(UsbDeviceInfo device) => UsbPath is null || device.Path.Length == 0 || device.Path == UsbPath;

    /// <summary>Whether a device has one of the ids and is in DFU mode, wherever it is plugged in.</summary>
    public bool MatchesIds(UsbDeviceInfo device) =>
        (Ids.Contains(device.Id) || device.Id == MadeFor)
        && (device.Interfaces.Count == 0 || device.Interfaces.Any(DfuDescription.IsDfuMode));

    /// <summary>For messages: "0483:DF11 at 1-2".</summary>
    public override string ToString() =>
        IdsText
        + (UsbPath is null ? "" : $" at {UsbPath}")
        + (SerialNumber is null ? "" : $" with serial number {SerialNumber}");
}

/// <summary>A bootloader already answers, so no magic reset is sent to the sketch's port.</summary>
public sealed record ResetSkipped(string Port) : UploadEvent;

/// <summary>The magic reset is sent to the sketch's port.</summary>
public sealed record ResettingSketch(string Port) : UploadEvent;

/// <summary>The wait for the bootloader begins.</summary>
/// <param name="Wanted">Which bootloader.</param>
/// <param name="Timeout">The longest time to wait.</param>
/// <param name="AskForReset">Whether the user must reset the board.</param>
public sealed record WaitingForBootloader(DeviceFilter Wanted, TimeSpan Timeout, bool AskForReset) : UploadEvent;

/// <summary>The bootloader answers.</summary>
/// <param name="Device">Its descriptors.</param>
/// <param name="Info">Its entry in the catalogue.</param>
/// <param name="PollsEarly">Whether the host polls it at once instead of after bwPollTimeout.</param>
public sealed record BootloaderFound(DfuDescription Device, BootloaderInfo Info, bool PollsEarly) : UploadEvent;

/// <summary>The bootloader is asked to start the sketch.</summary>
public sealed record LeavingBootloader(uint Address) : UploadEvent;

/// <summary>The wait for the sketch's serial port begins.</summary>
/// <param name="Timeout">The longest time to wait.</param>
/// <param name="AskForReset">Whether the user must start the sketch with RESET.</param>
public sealed record WaitingForSketch(TimeSpan Timeout, bool AskForReset) : UploadEvent;
