using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Timing;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Operations;

/// <summary>Sees which boards are in DFU mode, by their descriptors alone: what is not wanted must not be changed by a look at it.</summary>
/// <param name="bus">The USB devices.</param>
/// <param name="time">The clock.</param>
/// <param name="filter">Which boards are wanted.</param>
internal sealed class BoardSurvey(IUsbBus bus, TimeProvider time, DeviceFilter filter)
{
    // udev gives the user access up to half a second after a device has come.
    private static readonly TimeSpan AccessGrace = TimeSpan.FromSeconds(2);

    private readonly Dictionary<(int Bus, int Number), SurveyedBoard> _known = [];

    /// <summary>
    /// Waits for boards: for those at the places that are named, or else for any. Not so long that one which is there would
    /// start its sketch meanwhile.
    /// </summary>
    /// <param name="paths">The places, or null.</param>
    /// <param name="limit">How long to wait.</param>
    /// <param name="cancellationToken">Looked at in each wait.</param>
    /// <returns>The boards that are there, in the order of the bus; none or too few if the time is over.</returns>
    public IReadOnlyList<SurveyedBoard> WaitFor(IReadOnlyList<string>? paths, TimeSpan limit, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        long? seen = null;
        while (true)
        {
            var boards = ErrorMessages.Listing(bus.List).Where(filter.MatchesIds).Select(Ask)
                .Where(b => paths is null ? b.Path.Length > 0 : paths.Contains(b.Path)).ToList();
            seen = boards.Count > 0 ? seen ?? time.GetTimestamp() : null;
            var waited = time.GetElapsedTime(seen ?? start);
            var enough = boards.Count >= (paths?.Distinct().Count() ?? 1) || boards.Any(b => b.BootWindow > TimeSpan.Zero && waited >= b.BootWindow / 2);
            var settled = boards.All(b => b.Trouble is null) || waited >= AccessGrace;
            if ((enough && settled) || time.GetElapsedTime(start) >= limit)
            {
                return boards;
            }

            time.Wait(Waiting.PollInterval, cancellationToken);
        }
    }

    /// <summary>The devices in DFU mode that are not wanted by their ids.</summary>
    public IEnumerable<UsbDeviceInfo> Others() =>
        bus.List().Where(d => d.Interfaces.Any(DfuDescription.IsDfuMode) && !filter.MatchesIds(d));

    // A device that was understood once is not asked again.
    private SurveyedBoard Ask(UsbDeviceInfo device)
    {
        var key = (device.Bus, device.Number);
        if (!_known.TryGetValue(key, out var board) || board.Trouble is not null)
        {
            _known[key] = board = Look(device);
        }

        return board;
    }

    private SurveyedBoard Look(UsbDeviceInfo device)
    {
        try
        {
            using var candidate = new BootloaderOpener(bus, time).Open(device, filter);
            return new SurveyedBoard(device, candidate!.Description, null) { BootWindow = candidate.Info.BootWindow };
        }
        catch (UsbException e) when (e.Fault is UsbFault.AccessDenied or UsbFault.Busy or UsbFault.WrongDriver)
        {
            return new SurveyedBoard(device, null, ErrorMessages.NotOpened(device, e));
        }
        catch (UsbException e)
        {
            return new SurveyedBoard(device, null, ErrorMessages.Explain(e, ErrorMessages.Untouched));
        }
        catch (UploadException e)
        {
            return new SurveyedBoard(device, null, e);
        }
    }
}

/// <summary>A board in DFU mode, as a survey of the bus shows it.</summary>
/// <param name="Device">The device.</param>
/// <param name="Description">What it says of itself, or null if it could not be asked.</param>
/// <param name="Trouble">Why it could not be asked, or null.</param>
internal sealed record SurveyedBoard(UsbDeviceInfo Device, DfuDescription? Description, UploadException? Trouble)
{
    /// <summary>Where it is plugged in.</summary>
    public string Path => Device.Path;

    /// <summary>How long its bootloader waits for a host before it starts the sketch; zero if it stays for ever.</summary>
    public TimeSpan BootWindow { get; init; }
}
