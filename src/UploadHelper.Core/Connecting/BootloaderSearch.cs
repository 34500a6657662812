using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Timing;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Connecting;

/// <summary>
/// Finds the bootloader on the bus, opens it and identifies it. Each poll lists the whole bus again, since arrival events get
/// lost where udev does not run. A device that does not respond is most likely the ghost of a bootloader (<see cref="FirstContact"/>).
/// It is tried again every few seconds, since it may only have been busy.
/// </summary>
/// <param name="bus">The USB devices.</param>
/// <param name="time">The clock.</param>
/// <param name="events">Receives warnings, on the caller's thread.</param>
internal sealed class BootloaderSearch(IUsbBus bus, TimeProvider time, Action<UploadEvent> events)
{
    /// <summary>udev gives the user access up to half a second after a device has appeared.</summary>
    public static readonly TimeSpan AccessGrace = TimeSpan.FromSeconds(2);

    private const int Attempts = 2;
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    // Devices that could not be used: why, and when, if they need not be tried again at once.
    private readonly Dictionary<(int Bus, int Number), (UploadException Why, long? At)> _unusable = [];
    private readonly Dictionary<(int Bus, int Number), long> _denied = [];
    private readonly HashSet<(int Bus, int Number)> _named = [];
    private IReadOnlyList<UsbDeviceInfo> _listed = [];

    /// <summary>Polls once.</summary>
    /// <returns>The bootloader in dfuIDLE, or null if none answers.</returns>
    /// <exception cref="UploadException">More than one answers, or one cannot be opened.</exception>
    public OpenBootloader? Find(DeviceFilter filter, bool strictPolling, CancellationToken cancellationToken)
    {
        var candidates = new List<BootloaderCandidate>();
        OpenBootloader? found = null;
        try
        {
            _listed = bus.List();
            var devices = _listed.Where(d => filter.Matches(d) && !RecentlyUnusable(d)).ToList();
            var isOnlyCandidate = devices.Count == 1 && filter.SerialNumber is null;
            foreach (var device in devices)
            {
                if (Try(device, filter, () => BootloaderCandidate.Open(bus, device, filter, time, hold: isOnlyCandidate, cancellationToken)) is { } candidate)
                {
                    candidates.Add(candidate);
                }
            }

            var only = candidates.Count > 1 ? Preferred(candidates, filter) ?? throw SeveralFound(candidates) : candidates.FirstOrDefault();
            found = only is null ? null : Try(only.Description.Device, filter, () => only.Start(strictPolling, time, cancellationToken));
            candidates.RemoveAll(c => found is not null && c == only);
            return found;
        }
        finally
        {
            candidates.ForEach(c => c.Dispose());
        }
    }

    /// <summary>Polls until the bootloader answers.</summary>
    /// <param name="request">How long to wait, and how to poll it.</param>
    /// <param name="filter">Which bootloader.</param>
    /// <param name="missed">Called after each poll that found none, or null.</param>
    /// <param name="whyNone">Tells what is known of the board if none appears in time, and what the user can do; or null.</param>
    /// <param name="cancellationToken">Checked in each wait.</param>
    /// <exception cref="UploadException">None appears in time, or as for <see cref="Find"/>.</exception>
    public OpenBootloader WaitFor(BootloaderRequest request, DeviceFilter filter, Action? missed, Func<(string? Message, string? Hint)>? whyNone, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            var isLast = time.GetElapsedTime(start) >= request.Timeout;
            if (Find(filter, request.StrictPolling, cancellationToken) is { } found)
            {
                return found;
            }

            if (isLast)
            {
                throw NotFound(request, filter, whyNone?.Invoke() ?? (null, null));
            }

            missed?.Invoke();
            time.Wait(Waiting.PollInterval, cancellationToken);
        }
    }

    /// <summary>Names each device that the last poll saw in DFU mode with ids other than those of the filter, once, with the option that selects it.</summary>
    /// <param name="filter">Which bootloader is wanted.</param>
    /// <param name="refuse">Whether such a device, if there is nothing better, ends the search: no board was reset, so that waiting would not help.</param>
    /// <exception cref="UploadException"><see cref="UploadError.NoDevice"/>, or the reason why the only board that is there cannot be used.</exception>
    public void NameOthers(DeviceFilter filter, bool refuse)
    {
        var others = Others(filter, _listed);
        if (refuse && Unusable(filter) is { Error: UploadError.NotSupported } why)
        {
            throw why;
        }

        if (refuse && filter.IsDefault && others.Count > 0 && !_listed.Any(filter.Matches))
        {
            throw new UploadException(
                UploadError.NoDevice,
                $"No known bootloader is connected.{ErrorMessages.OtherDevices(others, _listed)} {ErrorMessages.Unchanged}",
                Select(others));
        }

        foreach (var other in others.Where(o => _named.Add((o.Bus, o.Number))))
        {
            events(new UploadWarning(
                WarningCode.OtherDevice, ErrorMessages.OtherIds(other), Select([other])));
        }
    }

    // A device that cannot be opened or does not respond now may do so at the next poll.
    private T? Try<T>(UsbDeviceInfo device, DeviceFilter filter, Func<T?> open)
        where T : class
    {
        var key = (device.Bus, device.Number);
        try
        {
            var opened = WithRetry(open);
            _unusable.Remove(key);
            return opened;
        }
        catch (UploadException e) when (e.Error == UploadError.GhostDevice || (e.Error == UploadError.NotSupported && filter.UsbPath is null))
        {
            if (e.Error == UploadError.GhostDevice && _unusable.GetValueOrDefault(key).Why?.Error != e.Error)
            {
                events(new UploadWarning(
                    WarningCode.GhostDevice, ErrorMessages.NoResponse(ErrorMessages.Place(device)), "If the board does not reset by itself, press RESET now."));
            }

            _unusable[key] = (e, time.GetTimestamp());
            return null;
        }
        catch (UsbException e) when (e.Fault is UsbFault.Timeout)
        {
            // It responds, though not to this request: it may be busy.
            _unusable[key] = (ErrorMessages.Explain(e, ErrorMessages.NothingErased), null);
            return null;
        }
        catch (UsbException e) when (e.Fault is UsbFault.Gone)
        {
            return null;
        }
        catch (UsbException e) when (e.Fault is UsbFault.AccessDenied or UsbFault.Busy or UsbFault.WrongDriver)
        {
            if (_denied.TryAdd(key, time.GetTimestamp()) || time.GetElapsedTime(_denied[key]) < AccessGrace)
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

    private bool RecentlyUnusable(UsbDeviceInfo device) =>
        _unusable.TryGetValue((device.Bus, device.Number), out var tried) && tried.At is { } at && time.GetElapsedTime(at) < RetryAfter;

    private UploadException? Unusable(DeviceFilter filter) =>
        _listed.Where(filter.Matches).Select(d => _unusable.GetValueOrDefault((d.Bus, d.Number)).Why).FirstOrDefault(why => why is not null);

    // By the letter of the standard: an interface that does not say that it is in DFU mode may be anything.
    private static List<UsbDeviceInfo> Others(DeviceFilter filter, IReadOnlyList<UsbDeviceInfo> devices) =>
        [.. devices.Where(d => d.Interfaces.Any(DfuDescription.IsStandardDfuMode) && !filter.MatchesIds(d) && filter.MatchesPlace(d))];

    private UploadException NotFound(BootloaderRequest request, DeviceFilter filter, (string? Message, string? Hint) known)
    {
        if (Unusable(filter) is { } why)
        {
            return why;
        }

        var elsewhere = _listed.Where(filter.MatchesIds).ToList();
        var others = Others(filter, _listed);
        return new UploadException(
            UploadError.NoDevice,
            $"No bootloader appeared within {request.Timeout.TotalSeconds:0.#} s (looked for {filter}"
                + (elsewhere.Count == 0 ? "" : $"; found {string.Join(", ", elsewhere.Select(ErrorMessages.Place))}")
                + $").{ErrorMessages.OtherDevices(others, _listed)}{(known.Message is { } message ? $" {message}" : "")} {ErrorMessages.Unchanged}",
            elsewhere.Count > 0 ? $"To use that board, give --usb-path {elsewhere[0].Path}"
                : others.Count > 0 ? Select(others)
                : known.Hint
                    ?? (_listed.Any(DfuDescription.IsRuntime) ? ErrorMessages.UseDetach : null)
                    ?? $"Press RESET on the board{(request.MayBeInRom ? " (with BOOT0 held, if its bootloader is in ROM)" : "")} and {Again.Clause} at once. Is the board plugged in with a data cable? Does `upload-helper list` show it?");
    }

    private static string Select(IReadOnlyList<UsbDeviceInfo> others) => string.Join(". ", others.Select(o => $"To use {o.Id}, give --usb-id {o.Id}"));

    private static BootloaderCandidate? Preferred(List<BootloaderCandidate> candidates, DeviceFilter filter) =>
        candidates.Where(c => c.Description.Device.Id == filter.MadeFor).ToList() is [var only] ? only : null;

    private static UploadException SeveralFound(List<BootloaderCandidate> candidates) => new(
        UploadError.SeveralDevices,
        $"{candidates.Count} bootloaders match: "
            + string.Join("; ", candidates.Select(s => $"{ErrorMessages.Place(s.Description.Device)} (serial number {s.Description.SerialNumber})"))
            + $". {ErrorMessages.NothingErased}",
        $"Choose one: --usb-path {candidates[0].Description.Device.Path}");
}
