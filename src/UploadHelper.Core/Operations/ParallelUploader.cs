using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Timing;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Operations;

/// <summary>
/// Writes one image to several boards at once, each on its own thread. They must be of one kind: other boards are reported and
/// left alone. If one board fails, the others continue.
/// </summary>
/// <param name="bus">The USB devices.</param>
/// <param name="ports">The serial ports.</param>
/// <param name="time">The clock.</param>
/// <param name="events">Receives what concerns all boards, on the caller's thread.</param>
/// <param name="boardEvents">Returns the receiver of the events of one board, by its USB path; called on the thread of that board.</param>
public sealed class ParallelUploader(
    IUsbBus bus, ISerialPorts ports, TimeProvider time, Action<UploadEvent> events, Func<string, Action<UploadEvent>> boardEvents)
{
    /// <summary>Runs the uploads.</summary>
    /// <param name="request">What to do with each board; its port and USB path are ignored.</param>
    /// <param name="paths">The USB paths of the boards, or null for all boards in DFU mode.</param>
    /// <param name="cancellationToken">Ends each upload before its next transfer.</param>
    /// <returns>An outcome for each board, in the order of the paths.</returns>
    /// <exception cref="UploadException">The image is refused, no board was found, or it is unclear which kind of board to write.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled before the uploads began.</exception>
    public IReadOnlyList<BoardOutcome> Run(UploadRequest request, IReadOnlyList<string>? paths, CancellationToken cancellationToken)
    {
        var image = new Uploader(bus, ports, time, events).Read(request);
        request = request with { Filter = request.Filter.For(image?.MadeFor) };
        if (paths is not null)
        {
            ResetSketches(request.Filter, paths, cancellationToken);
        }

        var told = new RuntimeDetach(bus, time, events).RunAll(request, paths, cancellationToken);
        var survey = new BoardSurvey(bus, time, request.Filter);
        var boards = survey.WaitFor(paths, told, request.Timeout, cancellationToken);
        if (boards.Count == 0)
        {
            throw NoBoards(request, paths, paths is null ? survey.Others().ToList() : []);
        }

        var outcomes = paths is null ? OfOneKind(survey, boards, told) : AtPaths(boards, paths);
        var wanted = boards.Where(b => outcomes.TryGetValue(b.Path, out var outcome) && outcome is null).ToList();
        if (wanted.Count > 0)
        {
            events(new BoardsFound([.. wanted.Select(b => b.Description!)]));
        }

        var done = new BoardOutcome[wanted.Count];
        time.RunTogether([.. wanted.Select((b, i) => (Action)(() => done[i] = Upload(image, request, b.Path, cancellationToken)))]);
        foreach (var outcome in done)
        {
            outcomes[outcome.Path] = outcome;
        }

        return [.. outcomes.Values.OfType<BoardOutcome>()];
    }

    private BoardOutcome Upload(FirmwareImage? image, UploadRequest request, string path, CancellationToken cancellationToken)
    {
        try
        {
            var uploader = new Uploader(bus, ports, time, boardEvents(path));
            var own = request with { Port = null, Filter = request.Filter with { UsbPath = path } };
            return new BoardOutcome(path, uploader.Run(image, own, cancellationToken), null);
        }
        catch (Exception e)
        {
            // Whatever it is, it counts as a failure of this board, and the others continue.
            return new BoardOutcome(path, null, e);
        }
    }

    // A board is running its sketch if there is a serial port at its path and no bootloader.
    private void ResetSketches(DeviceFilter filter, IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        var inBootloader = ErrorMessages.Listing(bus.List).Where(filter.MatchesIds).Select(d => d.Path).ToHashSet();
        foreach (var port in ports.List().Where(p => p.UsbPath is { } path && paths.Contains(path) && !inBootloader.Contains(path)))
        {
            if (new SketchReset(ports, time, events).Run(port.Name, cancellationToken).Warning is { } warning)
            {
                events(warning);
            }
        }
    }

    // The outcome is null for each board that is to be written.
    private Dictionary<string, BoardOutcome?> OfOneKind(BoardSurvey survey, IReadOnlyList<SurveyedBoard> boards, IReadOnlyList<string> told)
    {
        var kinds = boards.Where(b => b.Description is not null).GroupBy(b => BoardKind.Of(b.Description!)).OrderByDescending(k => k.Count()).ToList();
        if (kinds.Count > 1 && kinds[0].Count() == kinds[1].Count())
        {
            throw SeveralKinds(kinds);
        }

        foreach (var other in kinds.Skip(1).SelectMany(k => k))
        {
            events(new BoardLeftAlone(other.Device, "its memory layout differs from the others"));
        }

        foreach (var other in boards.Where(IsUnsupported))
        {
            events(new BoardLeftAlone(other.Device, "its bootloader is not supported"));
        }

        foreach (var other in survey.Others())
        {
            events(new BoardLeftAlone(other, "it has other USB ids"));
        }

        var outcomes = boards.Where(b => (b.Problem is not null && !IsUnsupported(b)) || (kinds.Count > 0 && kinds[0].Contains(b)))
            .ToDictionary(b => b.Path, b => b.Problem is null ? null : new BoardOutcome(b.Path, null, b.Problem));
        foreach (var path in told.Where(path => boards.All(b => b.Path != path)))
        {
            outcomes[path] = new BoardOutcome(path, null, NotThere(path));
        }

        return outcomes;
    }

    private static bool IsUnsupported(SurveyedBoard board) => board.Problem is { Error: UploadError.NotSupported };

    private static Dictionary<string, BoardOutcome?> AtPaths(IReadOnlyList<SurveyedBoard> boards, IReadOnlyList<string> paths)
    {
        var found = paths.Distinct().Select(path => (Path: path, Board: boards.FirstOrDefault(b => b.Path == path))).ToList();
        var first = found.Select(f => f.Board?.Description).FirstOrDefault(d => d is not null);
        return found.ToDictionary(f => f.Path, f => Refusal(f.Path, f.Board) is { } refusal ? new BoardOutcome(f.Path, null, refusal) : null);

        UploadException? Refusal(string path, SurveyedBoard? board) => board switch
        {
            null => NotThere(path),
            { Problem: { } problem } => problem,
            { Description: { } description } when BoardKind.Of(description) != BoardKind.Of(first!) => new UploadException(
                UploadError.NotForThisDevice,
                $"The board at {path} is not of the same kind as the one at {first!.Device.Path}. Nothing was erased.",
                "Only boards of one kind can be written at once. Upload to this one separately."),
            _ => null,
        };
    }

    private static UploadException NotThere(string path) => new(
        UploadError.NoDevice, $"No bootloader appeared at {path}. {ErrorMessages.Unchanged}", $"Press RESET on the board and {Again.Clause} at once.");

    private UploadException NoBoards(UploadRequest request, IReadOnlyList<string>? paths, IReadOnlyList<UsbDeviceInfo> others)
    {
        var devices = ErrorMessages.Listing(bus.List).Where(d => paths?.Contains(d.Path) ?? true).ToList();
        return new UploadException(
            UploadError.NoDevice,
            (others.Count == 0 ? $"No bootloader appeared within {request.Timeout.TotalSeconds:0.#} s" : "No known bootloader is connected")
                + $" (looked for {request.Filter}" + (paths is null ? "" : $" at {string.Join(", ", paths)}")
                + $").{ErrorMessages.OtherDevices(others, devices)} The boards are unchanged.",
            others.Count > 0 ? $"To use {others[0].Id}, give --usb-id {others[0].Id}"
                : paths is null && !request.Detach && devices.Any(DfuDescription.IsRuntime) ? ErrorMessages.UseDetach
                : $"Press RESET on the boards and {Again.Clause} at once. Does `upload-helper list` show them?");
    }

    private static UploadException SeveralKinds(IReadOnlyList<IGrouping<BoardKind, SurveyedBoard>> kinds) => new(
        UploadError.SeveralDevices,
        $"Found boards of {kinds.Count} kinds: "
            + string.Join("; ", kinds.Select(k => $"{k.Key.Id} {k.Key.Layout} at {string.Join(", ", k.Select(b => b.Path))}")) + ". The boards are unchanged.",
        $"Choose one kind: {string.Join(' ', kinds[0].Select(b => $"--usb-path {b.Path}"))}");
}

/// <summary>What boards must have in common to receive the same image in one run.</summary>
/// <param name="Id">idVendor and idProduct.</param>
/// <param name="Layout">The names of all alternate settings, with the memory maps.</param>
public sealed record BoardKind(UsbId Id, string Layout)
{
    /// <summary>The kind of a board.</summary>
    public static BoardKind Of(DfuDescription device) => new(device.Device.Id, string.Join(" | ", device.Alternates.Select(a => a.Name)));
}

/// <summary>How the upload to one of several boards ended.</summary>
/// <param name="Path">The board's USB path.</param>
/// <param name="Result">Its result, or null if it failed.</param>
/// <param name="Failure">What ended it, or null: an <see cref="UploadException"/>, a cancellation, or a bug in this program.</param>
public sealed record BoardOutcome(string Path, UploadResult? Result, Exception? Failure);
