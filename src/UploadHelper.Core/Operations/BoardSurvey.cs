using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Timing;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Operations;

/// <summary>Finds the boards in DFU mode by their descriptors alone: a board that is not meant must not be changed.</summary>
/// <param name="bus">The USB devices.</param>
/// <param name="time">The clock.</param>
/// <param name="filter">Which boards are meant.</param>
internal sealed class BoardSurvey(IUsbBus bus, TimeProvider time, DeviceFilter filter)
{
    private readonly Dictionary<(int Bus, int Number), SurveyedBoard> _known = [];

    /// <summary>
    /// Waits for boards: for those at the named places, or else for any. Not so long that one that is there would start its
    /// sketch meanwhile.
    /// </summary>
    /// <param name="paths">The places, or null.</param>
    /// <param name="limit">How long to wait.</param>
    /// <param name="cancellationToken">Checked in each wait.</param>
    /// <returns>The boards, in the order of the bus; none or too few if the time is over.</returns>
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
            var settled = boards.All(b => b.Trouble is null) || waited >= BootloaderSearch.AccessGrace;
            if ((enough && settled) || time.GetElapsedTime(start) >= limit)
            {
                return boards;
            }

            time.Wait(Waiting.PollInterval, cancellationToken);
        }
    }

    /// <summary>The devices in DFU mode with other ids.</summary>
    public IEnumerable<UsbDeviceInfo> Others() =>
        bus.List().Where(d => d.Interfaces.Any(DfuDescription.IsDfuMode) && !filter.MatchesIds(d));

    // A device that was identified once is not opened again.
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
            using var candidate = BootloaderCandidate.Open(bus, device, filter, time);
            return new SurveyedBoard(device, candidate!.Description, null) { BootWindow = candidate.Info.BootWindow };
        }
        catch (UsbException e) when (e.Fault is UsbFault.AccessDenied or UsbFault.Busy or UsbFault.WrongDriver)
        {
            return new SurveyedBoard(device, null, ErrorMessages.NotOpened(device, e));
        }
        catch (UsbException e)
        {
            return new SurveyedBoard(device, null, ErrorMessages.Explain(e, ErrorMessages.NothingErased));
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
