using UploadHelper.Core.Dfu;
using UploadHelper.Core.Timing;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Uploading;

/// <summary>
/// Looks for the wanted bootloader and waits for it. Each look is a fresh one at the whole bus: events of arrival get
/// lost where no udev runs. A device that does not answer is a sketch whose bootloader forgot to leave the bus (a build of
/// F4Bootloader's); it is asked again now and then, since it may only have been busy.
/// </summary>
internal sealed class BootloaderFinder(IUsbBus bus, TimeProvider time, Action<UploadEvent> events)
{
    private const int Attempts = 2;
    private static readonly TimeSpan AskSilentAgain = TimeSpan.FromSeconds(2);

    // udev gives the user access up to half a second after the device has come.
    private static readonly TimeSpan AccessGrace = TimeSpan.FromSeconds(2);

    private readonly BootloaderOpener _opener = new(bus, time);
    private readonly Dictionary<(int Bus, int Number), long> _silent = [];
    private readonly Dictionary<(int Bus, int Number), long> _denied = [];

    /// <summary>Whether a device is listed as the wanted bootloader, but does not answer.</summary>
    public bool SeesGhost => bus.List().Any(d => _silent.ContainsKey((d.Bus, d.Number)));

    /// <summary>One look.</summary>
    /// <returns>The bootloader, or null if none answers.</returns>
    /// <exception cref="UploadException">More than one answers, or one may not be opened.</exception>
    public BootloaderSession? Find(BootloaderRequest request, CancellationToken cancellationToken)
    {
        var candidates = new List<BootloaderCandidate>();
        BootloaderSession? session = null;
        try
        {
            var devices = bus.List().Where(d => request.Filter.Matches(d) && !RecentlySilent(d)).ToList();
            var isTheOne = devices.Count == 1 && request.Filter.SerialNumber is null;
            foreach (var device in devices)
            {
                if (Try(device, () => _opener.Open(device, request.Filter, hold: isTheOne)) is { } candidate)
                {
                    candidates.Add(candidate);
                }
            }

            if (candidates.Count > 1)
            {
                throw Several(candidates);
            }

            session = candidates is [var only]
                ? Try(only.Description.Device, () => only.Start(request, time, cancellationToken))
                : null;
            return session;
        }
        finally
        {
            if (session is null)
            {
                candidates.ForEach(c => c.Dispose());
            }
        }
    }

    /// <summary>Looks until the bootloader answers.</summary>
    /// <param name="request">Which is wanted, and for how long.</param>
    /// <param name="cancellationToken">Looked at in each wait.</param>
    /// <param name="missed">Called after each look that found none, or null.</param>
    /// <exception cref="UploadException">None comes in time, or as for <see cref="Find"/>.</exception>
    public BootloaderSession WaitFor(BootloaderRequest request, CancellationToken cancellationToken, Action? missed = null)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            if (Find(request, cancellationToken) is { } session)
            {
                return session;
            }

            if (time.GetElapsedTime(start) >= request.Timeout)
            {
                throw NotFound(request);
            }

            missed?.Invoke();
            time.Wait(Looks.Interval, cancellationToken);
        }
    }

    // What cannot be opened or talked to now may be so in the next look.
    private T? Try<T>(UsbDeviceInfo device, Func<T?> open)
        where T : class
    {
        try
        {
            return Opened(open);
        }
        catch (UsbException e) when (e.Fault is UsbFault.Timeout)
        {
            if (_silent.TryAdd((device.Bus, device.Number), 0))
            {
                events(new UploadWarning(
                    "ghost-device",
                    $"{Describe(device)} is listed but does not answer: a sketch runs whose bootloader never left the bus.",
                    "If the board does not reset by itself, press RESET now."));
            }

            _silent[(device.Bus, device.Number)] = time.GetTimestamp();
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

            throw DeviceTrouble.NotOpened(device, e);
        }
        catch (UsbException e)
        {
            throw DeviceTrouble.Explain(e, DeviceTrouble.Untouched);
        }
        catch (DfuException e)
        {
            throw DeviceTrouble.Explain(e, DeviceTrouble.Untouched);
        }
    }

    // A refused request that changes nothing is made again.
    private static T? Opened<T>(Func<T?> open)
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

    private bool RecentlySilent(UsbDeviceInfo device) =>
        _silent.TryGetValue((device.Bus, device.Number), out var asked) && time.GetElapsedTime(asked) < AskSilentAgain;

    private UploadException NotFound(BootloaderRequest request)
    {
        if (SeesGhost)
        {
            return new UploadException(
                UploadError.GhostDevice,
                $"No bootloader answered in {request.Timeout.TotalSeconds:0.#} s. {request.Filter} is listed, but only as the remains of a bootloader that has started its sketch. "
                    + "The board is as it was.",
                "Press RESET on the board (or unplug it and plug it in) and run the command again at once.");
        }

        var elsewhere = bus.List().Where(request.Filter.MatchesIds).ToList();
        return new UploadException(
            UploadError.NoDevice,
            $"No bootloader came in {request.Timeout.TotalSeconds:0.#} s: {request.Filter} was not found"
                + (elsewhere.Count == 0 ? "" : $" (but there is {string.Join(", ", elsewhere.Select(Describe))})")
                + ". The board is as it was.",
            elsewhere.Count == 0
                ? "Press RESET on the board and run the command again at once. Is it plugged in with a data cable? Does `upload-helper list` show it?"
                : $"To write to that one: --usb-path {elsewhere[0].Path}");
    }

    private static UploadException Several(List<BootloaderCandidate> candidates) => new(
        UploadError.SeveralDevices,
        $"{candidates.Count} bootloaders answer: "
            + string.Join("; ", candidates.Select(s => $"{Describe(s.Description.Device)} (serial number {s.Description.SerialNumber})"))
            + ". None was touched.",
        $"Unplug all but one, or say which: --usb-path {candidates[0].Description.Device.Path}");

    private static string Describe(UsbDeviceInfo device) => $"{device.Id} at {device.Path}";
}
