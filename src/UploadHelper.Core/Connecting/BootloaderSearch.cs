using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Protocols;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Timing;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Connecting;

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
            time.Wait(Waiting.PollInterval, cancellationToken);
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
                    WarningCode.GhostDevice,
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

            throw ErrorMessages.NotOpened(device, e);
        }
        catch (UsbException e)
        {
            throw ErrorMessages.Explain(e, ErrorMessages.Untouched);
        }
        catch (DfuException e)
        {
            throw ErrorMessages.Explain(e, ErrorMessages.Untouched);
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

/// <summary>Opens one device of a look at the bus and reads what it says of itself.</summary>
/// <param name="bus">The bus.</param>
/// <param name="time">The clock.</param>
internal sealed class BootloaderOpener(IUsbBus bus, TimeProvider time)
{
    /// <summary>Opens the device. Sends it no class request but the one that holds it.</summary>
    /// <param name="found">The device.</param>
    /// <param name="filter">Which is wanted; the serial number is known only now.</param>
    /// <param name="hold">
    /// Whether it is known already that this is the wanted one: it is then held at once. A Maple bootloader starts its sketch
    /// half a second after the system has come to know it (the F4 port) unless a class request reaches it before.
    /// </param>
    /// <returns>The candidate, or null if the device is not the wanted one.</returns>
    /// <exception cref="UsbException">It cannot be opened, or does not answer (<see cref="UsbFault.Timeout"/>).</exception>
    /// <exception cref="UploadException"><see cref="UploadError.NotSupported"/>.</exception>
    public BootloaderCandidate? Open(UsbDeviceInfo found, DeviceFilter filter, bool hold = false)
    {
        var device = bus.Open(found);
        try
        {
            var held = hold ? Hold(device) : null;
            var description = DfuDescription.Read(device)
                ?? throw BootloaderProfile.NotSupported(found, "it has no DFU functional descriptor");
            if (filter.SerialNumber is { } serial && serial != description.SerialNumber)
            {
                device.Dispose();
                return null;
            }

            return new BootloaderCandidate(device, description, BootloaderProfile.Of(description), held);
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    private BootloaderHold? Hold(IUsbDevice device)
    {
        var dfu = device.Info.Interfaces.Where(DfuDescription.IsDfuMode).ToList();
        if (dfu.Count == 0)
        {
            return null;
        }

        device.Claim(dfu[0].Number);
        try
        {
            return new BootloaderHold(new DfuConnection(device, dfu[0].Number, time, CancellationToken.None).GetStatus(BootloaderCandidate.FirstAnswer));
        }
        catch (UsbException e) when (e.Fault is UsbFault.Stall)
        {
            // Some ROMs refuse it while they are busy.
            return new BootloaderHold(null);
        }
        catch (DfuException)
        {
            // Too short an answer: it is asked again.
            return new BootloaderHold(null);
        }
    }
}

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
    public BootloaderInfo Info => profile.Info;

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
            Polling = new Polling(early: profile.Info.PollsEarly is not null && !request.StrictPolling),
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
