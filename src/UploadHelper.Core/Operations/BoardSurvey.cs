using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Timing;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Operations;

/// <summary>Finds the boards in DFU mode by their descriptors alone: a board that is not wanted must not be changed.</summary>
/// <param name="bus">The USB devices.</param>
/// <param name="time">The clock.</param>
/// <param name="filter">Which boards are wanted.</param>
internal sealed class BoardSurvey(IUsbBus bus, TimeProvider time, DeviceFilter filter)
{
    private readonly Dictionary<(int Bus, int Number), SurveyedBoard> _known = [];

    /// <summary>
    /// Waits for the boards at the given USB paths, or for any board. Stops waiting before a board that was found starts its
    /// sketch, and when only devices in DFU mode with unknown ids are there.
    /// </summary>
    /// <param name="paths">The USB paths, or null for any.</param>
    /// <param name="expected">The USB paths of boards that are on their way into DFU mode, without others.</param>
    /// <param name="limit">How long to wait.</param>
    /// <param name="cancellationToken">Checked in each wait.</param>
    /// <returns>The boards, in the order of the bus; none or too few if the time has run out.</returns>
    public IReadOnlyList<SurveyedBoard> WaitFor(IReadOnlyList<string>? paths, IReadOnlyList<string> expected, TimeSpan limit, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        long? seen = null;
        while (true)
        {
            var isLast = time.GetElapsedTime(start) >= limit;
            var boards = ErrorMessages.Listing(bus.List).Where(filter.MatchesIds).Select(d => IdentifyOnce(d, cancellationToken))
                .Where(b => paths is null ? b.Path.Length > 0 : paths.Contains(b.Path)).ToList();
            seen = boards.Count > 0 ? seen ?? time.GetTimestamp() : null;
            var waited = time.GetElapsedTime(seen ?? start);
            var enough = (boards.Count >= (paths?.Distinct().Count() ?? 1) && expected.All(e => boards.Any(b => b.Path == e))) || boards.Any(b => b.BootWindow > TimeSpan.Zero && waited >= b.BootWindow / 2);
            var settled = boards.All(b => b.Problem is null) || waited >= BootloaderSearch.AccessGrace;
            var isHopeless = boards.Count == 0 && paths is null && expected.Count == 0 && filter.IsDefault && Others().Any(d => d.Interfaces.Any(DfuDescription.IsStandardDfuMode));
            if ((enough && settled) || isHopeless || isLast)
            {
                return boards;
            }

            time.Wait(Waiting.PollInterval, cancellationToken);
        }
    }

    /// <summary>The devices in DFU mode with other ids.</summary>
    public IEnumerable<UsbDeviceInfo> Others() =>
        bus.List().Where(d => DfuDescription.IsBootloader(d) && !filter.MatchesIds(d));

    // A device that has been identified is not opened again.
    private SurveyedBoard IdentifyOnce(UsbDeviceInfo device, CancellationToken cancellationToken)
    {
        var key = (device.Bus, device.Number);
        if (!_known.TryGetValue(key, out var board) || board.Problem is not null)
        {
            _known[key] = board = Identify(device, cancellationToken);
        }

        return board;
    }

    private SurveyedBoard Identify(UsbDeviceInfo device, CancellationToken cancellationToken)
    {
        try
        {
            using var candidate = BootloaderCandidate.Open(bus, device, filter, time, hold: false, cancellationToken);
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

/// <summary>A board in DFU mode that a survey of the bus has found.</summary>
/// <param name="Device">The device.</param>
/// <param name="Description">Its descriptors, or null if they could not be read or it cannot be used.</param>
/// <param name="Problem">Why not, or null.</param>
internal sealed record SurveyedBoard(UsbDeviceInfo Device, DfuDescription? Description, UploadException? Problem)
{
    /// <summary>Its USB path.</summary>
    public string Path => Device.Path;

    /// <summary>How long its bootloader waits for a host before it starts the sketch; zero if it stays forever.</summary>
    public TimeSpan BootWindow { get; init; }
}
