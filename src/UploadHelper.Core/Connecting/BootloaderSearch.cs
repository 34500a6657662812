using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Protocols;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Timing;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Connecting;

/// <summary>
/// Finds the bootloader on the bus, opens it and identifies it. Each poll lists the whole bus again, since arrival events get
/// lost where udev does not run. A device that does not respond is the leftover of a bootloader that started its sketch
/// without disconnecting from USB (a build of F4Bootloader does that). It is tried again every few seconds, since it may only
/// have been busy.
/// </summary>
/// <param name="bus">The USB devices.</param>
/// <param name="time">The clock.</param>
/// <param name="events">Receives warnings, on the caller's thread.</param>
internal sealed class BootloaderSearch(IUsbBus bus, TimeProvider time, Action<UploadEvent> events)
{
    /// <summary>udev gives the user access up to half a second after a device has appeared.</summary>
    public static readonly TimeSpan AccessGrace = TimeSpan.FromSeconds(2);

    private const int Attempts = 2;
    private static readonly TimeSpan RetryUnresponsiveAfter = TimeSpan.FromSeconds(2);

    private readonly Dictionary<(int Bus, int Number), long> _unresponsive = [];
    private readonly Dictionary<(int Bus, int Number), long> _denied = [];

    /// <summary>Polls once.</summary>
    /// <returns>The bootloader in dfuIDLE, or null if none answers.</returns>
    /// <exception cref="UploadException">More than one answers, or one cannot be opened.</exception>
    public OpenBootloader? Find(DeviceFilter filter, bool strictPolling, CancellationToken cancellationToken)
    {
        var candidates = new List<BootloaderCandidate>();
        OpenBootloader? found = null;
        try
        {
            var devices = bus.List().Where(d => filter.Matches(d) && !RecentlyUnresponsive(d)).ToList();
            var isOnlyCandidate = devices.Count == 1 && filter.SerialNumber is null;
            foreach (var device in devices)
            {
                if (Try(device, () => BootloaderCandidate.Open(bus, device, filter, time, hold: isOnlyCandidate)) is { } candidate)
                {
                    candidates.Add(candidate);
                }
            }

            if (candidates.Count > 1)
            {
                throw SeveralFound(candidates);
            }

            found = candidates is [var only]
                ? Try(only.Description.Device, () => only.Start(strictPolling, time, cancellationToken))
                : null;
            return found;
        }
        finally
        {
            if (found is null)
            {
                candidates.ForEach(c => c.Dispose());
            }
        }
    }

    /// <summary>Polls until the bootloader answers.</summary>
    /// <param name="request">How long to wait, and how to poll it.</param>
    /// <param name="filter">Which bootloader.</param>
    /// <param name="missed">Called after each poll that found none, or null.</param>
    /// <param name="cancellationToken">Checked in each wait.</param>
    /// <exception cref="UploadException">None appears in time, or as for <see cref="Find"/>.</exception>
    public OpenBootloader WaitFor(BootloaderRequest request, DeviceFilter filter, Action? missed, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            if (Find(filter, request.StrictPolling, cancellationToken) is { } found)
            {
                return found;
            }

            if (time.GetElapsedTime(start) >= request.Timeout)
            {
                throw NotFound(filter, request.Timeout);
            }

            missed?.Invoke();
            time.Wait(Waiting.PollInterval, cancellationToken);
        }
    }

    // A device that cannot be opened or does not respond now may do so at the next poll.
    private T? Try<T>(UsbDeviceInfo device, Func<T?> open)
        where T : class
    {
        try
        {
            return WithRetry(open);
        }
        catch (UsbException e) when (e.Fault is UsbFault.Timeout)
        {
            if (_unresponsive.TryAdd((device.Bus, device.Number), 0))
            {
                events(new UploadWarning(
                    WarningCode.GhostDevice,
                    $"{ErrorMessages.Place(device)} is listed but does not respond: its sketch is already running, and its bootloader never left the bus.",
                    "If the board does not reset by itself, press RESET now."));
            }

            _unresponsive[(device.Bus, device.Number)] = time.GetTimestamp();
            return null;
        }
        catch (UsbException e) when (e.Fault is UsbFault.Gone)
        {
            return null;
        }
        catch (UsbException e) when (e.Fault is UsbFault.AccessDenied or UsbFault.Busy or UsbFault.WrongDriver)
        {
            if (_denied.TryAdd((device.Bus, device.Number), time.GetTimestamp())
                || time.GetElapsedTime(_denied[(device.Bus, device.Number)]) < AccessGrace)
            {
                return null;
            }

            throw ErrorMessages.NotOpened(device, e);
        }
        catch (UsbException e)
        {
            throw ErrorMessages.Explain(e, ErrorMessages.NothingErased);
        }
        catch (DfuException e)
        {
            throw ErrorMessages.Explain(e, ErrorMessages.NothingErased);
        }
    }

    // The requests change nothing, so a refused one is repeated.
    private static T? WithRetry<T>(Func<T?> open)
        where T : class
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return open();
            }
            catch (UsbException e) when (attempt < Attempts && e.Fault is UsbFault.Stall or UsbFault.Io)
            {
            }
        }
    }

    private bool RecentlyUnresponsive(UsbDeviceInfo device) =>
        _unresponsive.TryGetValue((device.Bus, device.Number), out var tried) && time.GetElapsedTime(tried) < RetryUnresponsiveAfter;

    private UploadException NotFound(DeviceFilter filter, TimeSpan timeout)
    {
        var devices = bus.List();
        if (devices.Any(d => _unresponsive.ContainsKey((d.Bus, d.Number))))
        {
            return new UploadException(
                UploadError.GhostDevice,
                $"No bootloader responded within {timeout.TotalSeconds:0.#} s. {filter} is listed but does not respond: its sketch is already running. {ErrorMessages.Unchanged}",
                $"Press RESET on the board (or unplug it and plug it in again) and {Again.Clause} at once.");
        }

        var elsewhere = devices.Where(filter.MatchesIds).ToList();
        return new UploadException(
            UploadError.NoDevice,
            $"No bootloader appeared within {timeout.TotalSeconds:0.#} s (looked for {filter}"
                + (elsewhere.Count == 0 ? "" : $"; found {string.Join(", ", elsewhere.Select(ErrorMessages.Place))}")
                + $"). {ErrorMessages.Unchanged}",
            elsewhere.Count == 0
                ? $"Press RESET on the board and {Again.Clause} at once. Is the board plugged in with a data cable? Does `upload-helper list` show it?"
                : $"To use that one: --usb-path {elsewhere[0].Path}");
    }

    private static UploadException SeveralFound(List<BootloaderCandidate> candidates) => new(
        UploadError.SeveralDevices,
        $"{candidates.Count} bootloaders match: "
            + string.Join("; ", candidates.Select(s => $"{ErrorMessages.Place(s.Description.Device)} (serial number {s.Description.SerialNumber})"))
            + $". {ErrorMessages.NothingErased}",
        $"Choose one: --usb-path {candidates[0].Description.Device.Path}");
}

/// <summary>
/// An open device, identified by its descriptors alone: it has received no class request, unless it is already held. A class
/// request keeps a Maple bootloader in DFU mode forever, and a device that is not the wanted one must not be changed.
/// </summary>
internal sealed class BootloaderCandidate : IDisposable
{
    // A bootloader answers within a frame or two. A device that a bootloader left behind on the bus never does.
    private static readonly TimeSpan FirstAnswer = TimeSpan.FromMilliseconds(500);

    private readonly IUsbDevice _device;
    private readonly BootloaderProtocol _protocol;
    private readonly bool _isHeld;
    private readonly DfuStatus? _status;

    private BootloaderCandidate(IUsbDevice device, DfuDescription description, bool isHeld, DfuStatus? status)
    {
        _device = device;
        _protocol = BootloaderProtocol.Of(description);
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
    /// <returns>The candidate, or null if the serial number does not match.</returns>
    /// <exception cref="UsbException">It cannot be opened, or does not answer (<see cref="UsbFault.Timeout"/>).</exception>
    /// <exception cref="UploadException"><see cref="UploadError.NotSupported"/>.</exception>
    public static BootloaderCandidate? Open(IUsbBus bus, UsbDeviceInfo found, DeviceFilter filter, TimeProvider time, bool hold = false)
    {
        var device = bus.Open(found);
        try
        {
            DfuStatus? status = null;
            var isHeld = hold && Hold(device, time, out status);
            var description = DfuDescription.Read(device)
                ?? throw BootloaderProtocol.NotSupported(found, "it has no DFU functional descriptor");
            if (filter.SerialNumber is { } serial && serial != description.SerialNumber)
            {
                device.Dispose();
                return null;
            }

            return new BootloaderCandidate(device, description, isHeld, status);
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
    /// <exception cref="UsbException">It does not answer (<see cref="UsbFault.Timeout"/>), or a transfer failed.</exception>
    /// <exception cref="DfuException">It does not reach dfuIDLE.</exception>
    public OpenBootloader? Start(bool strictPolling, TimeProvider time, CancellationToken cancellationToken)
    {
        var first = _protocol.Memories[0].Alternate;
        if (!_isHeld)
        {
            _device.Claim(first.Interface);
        }

        _device.SetAlternateSetting(first.Interface, first.Setting);
        var connection = new DfuConnection(_device, first.Interface, time, cancellationToken)
        {
            Polling = new Polling(early: Info.PollsEarly is not null && !strictPolling),
        };
        try
        {
            if (_status?.State != DfuState.Idle)
            {
                connection.Idle(FirstAnswer);
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
    private static bool Hold(IUsbDevice device, TimeProvider time, out DfuStatus? status)
    {
        status = null;
        var dfu = device.Info.Interfaces.Where(DfuDescription.IsDfuMode).ToList();
        if (dfu.Count == 0)
        {
            return false;
        }

        device.Claim(dfu[0].Number);
        try
        {
            status = new DfuConnection(device, dfu[0].Number, time, CancellationToken.None).GetStatus(FirstAnswer);
        }
        catch (UsbException e) when (e.Fault is UsbFault.Stall)
        {
        }
        return true;
    }
}

/// <summary>An open bootloader in dfuIDLE, as the search hands it to a session.</summary>
/// <param name="Device">The open device.</param>
/// <param name="Description">Its descriptors.</param>
/// <param name="Protocol">How to talk to it.</param>
/// <param name="Connection">The DFU connection to it.</param>
internal sealed record OpenBootloader(IUsbDevice Device, DfuDescription Description, BootloaderProtocol Protocol, DfuConnection Connection);
