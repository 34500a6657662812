using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Serial;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Output;

/// <summary>Reports a run to a program: one JSON object per line on standard output, the result last.</summary>
/// <param name="streams">The streams.</param>
internal sealed class JsonReporter(ConsoleStreams streams) : IReporter
{
    private string? _board;

    public void Begin(TimeProvider time)
    {
    }

    public IReporter ForBoard(string path) => new JsonReporter(streams.Lines("", $"{path}: ")) { _board = path };

    public void Event(UploadEvent e)
    {
        if (e is BootloaderFound found)
        {
            _board = found.Device.Device.Path;
        }

        if (Line(e) is { } line)
        {
            Write(line);
        }
    }

    public void Simulated(SimulationSummary board) => Write(new SimulatedEvent(board));

    public void Done(UploadResult result) => Write(new UploadedResult(
        JsonEvent.Hex(result.Address),
        result.Size,
        result.Unchanged,
        result.Verified,
        result.Left,
        result.Port,
        result.StartsAfter.TotalSeconds,
        Math.Round(result.Elapsed.TotalSeconds, 3)));

    public void Done(CommandOutcome outcome) => Write(outcome.Result);

    public void Failed(UploadException e)
    {
        Write(new FailedResult(e.Error.ExitStatus(), e.Error.Code(), e.Message, streams.Hint(e.Hint)));
        streams.Error.WriteLine(Ascii.Of($"error: {e.Message} [{e.Error.Code()}]"));
    }

    public void Cancelled()
    {
        Write(new CancelledResult());
        streams.Error.WriteLine("error: cancelled");
    }

    private JsonEvent? Line(UploadEvent e) => e switch
    {
        ImageChecked(var image, var fit) => new ImageEvent(image, fit),
        BootloaderFile file => new BootloaderFileEvent(file.Image.Name, file.Image.Size, file.Bootloader.Installation!.Name, file.Sha256, file.Build?.File),
        FlashHolds(var address, var what) => new FlashHoldsEvent(JsonEvent.Hex(address), what),
        StartingBootloader(var id, var timeout) => new WaitForBootloaderEvent(id.ToString(), timeout.TotalSeconds, false, false),
        ResetSkipped(var port) => new PortEvent("reset-skipped", port),
        ResettingSketch(var port, var way) => new PortEvent("reset", port) { Way = Name(way) },
        SketchWasReset(var port, var way) => new PortEvent("reset-done", port) { Way = Name(way) },
        Detaching(var device, var busReset) => new DetachEvent(device.Id.ToString(), device.Path, busReset),
        WaitingForBootloader(var wanted, var timeout, var ask) waiting => new WaitForBootloaderEvent(wanted.ToString(), timeout.TotalSeconds, ask, ask && waiting.MayBeInRom),
        WaitingForUart(var port, var timeout) => new WaitForBootloaderEvent(port, timeout.TotalSeconds, true, true),
        WiringFound(var port, var wiring) => new PortEvent("reset-done", port) { Way = wiring.Text },
        BootloaderFound(var device, var info, var pollsEarly) => new FoundEvent(device, info.Name, pollsEarly),
        BoardsFound(var boards) => new BoardsEvent(boards.Select(b => b.Device.Path)),
        BoardLeftAlone(var device, var why) => new LeftAloneEvent(device.Id.ToString(), device.Path, why),
        PlanMade(var plan, _, _) { Blocks: { } blocks } => new PlanEvent([], plan.BytesToWrite, 0) { Blocks = blocks },
        PlanMade(var plan, var unchanged, _) => new PlanEvent(Ranges(plan.Sectors), plan.BytesToWrite, unchanged)
        {
            Cleared = plan.Cleared.Count == 0 ? null : plan.Cleared.Select(w => new JsonWord($"0x{w.Address:X8}", $"0x{w.Value:X8}")),
        },
        ErasePlanned(var plan) => new PlanEvent(Ranges(plan.Sectors), 0, 0),
        ProgramFormatSet(var volts, var before, var width) => new ProgramFormatEvent(volts, before, width),
        Recovering(var what, var comesBack, var number, var most) => new RetryEvent(what, number, most, comesBack?.TotalSeconds),
        FlashProgress(var phase, var done, var total) => new ProgressEvent(phase.ToString().ToLowerInvariant(), done, total),
        DifferenceFound(var first) => new DifferenceEvent(JsonEvent.Hex(first.Address), first.Expected, first.Found),
        LeavingBootloader(var address) => new LeaveEvent(JsonEvent.Hex(address)),
        WaitingForSketch(var timeout, var ask) => new WaitForSketchEvent(timeout.TotalSeconds, ask),
        UploadWarning(var code, var message, var hint) => new WarningEvent(code.Code(), message, streams.Hint(hint)),
        UploadCancelled(var state) => new CancelledEvent(state),
        _ => null,
    };

    private static string Name(ResetWay way) => way == ResetWay.Touch ? "touch" : "magic";

    private static IEnumerable<JsonRange> Ranges(IEnumerable<Sector> sectors) => sectors.Select(s => new JsonRange(JsonEvent.Hex(s.Address), s.Size));

    private void Write(JsonEvent line) => (line with { Board = _board }).Print(streams.Out);
}
