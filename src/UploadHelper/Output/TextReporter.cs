using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Serial;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Output;

/// <summary>Reports a run in plain ASCII text: steps on standard error, the result on standard output.</summary>
/// <param name="streams">The streams.</param>
/// <param name="verbose">Whether to show everything, with times.</param>
/// <param name="quiet">Whether to show only warnings and the result.</param>
/// <param name="color">Whether to use colours.</param>
internal sealed class TextReporter(ConsoleStreams streams, bool verbose, bool quiet, bool color) : IReporter
{
    private const int LabelWidth = 10;
    private const string Blanks = "          ";
    private readonly ProgressLine _progress = new(streams.Error, streams.ErrorIsTerminal && !verbose);
    private Func<TimeSpan> _elapsed = () => TimeSpan.Zero;

    public void Begin(TimeProvider time)
    {
        var start = time.GetTimestamp();
        _elapsed = () => time.GetElapsedTime(start);
    }

    // Several progress lines would overwrite each other, so each board is reported as by --quiet.
    public IReporter ForBoard(string path) =>
        new TextReporter(streams.Lines($"{path}: ", $"{path}: "), verbose, quiet || !verbose, color) { _elapsed = _elapsed };

    public void Event(UploadEvent e)
    {
        switch (e)
        {
            case ImageChecked(var image, var fit):
                Image(image, fit);
                break;
            case BootloaderFile(var bootloader, var image, var sha256, var build):
                Step("File", $"{image.Name}: {bootloader.Name}, {(build is null ? "a build that upload-helper does not know" : $"the published build for: {build.Board}")}");
                Detail($"{image.Size} bytes, SHA-256 {sha256}");
                break;
            case FlashHolds(var address, var what):
                Step("Flash", $"at 0x{address:X8}: {what}");
                break;
            case StartingBootloader(var id, var timeout):
                Step("Start", $"the new bootloader, and wait up to {timeout.TotalSeconds:0.#} s for {id} on USB");
                break;
            case ResetSkipped(var port):
                Step("Reset", $"not needed: a bootloader already responds ({port} is not used)");
                break;
            case ResettingSketch(var port, var way):
                Step("Reset", $"{port}: sending {SketchPort.Text(way)}");
                break;
            case SketchWasReset(var port, var way):
                Detail($"{port} disappeared: the sketch obeys {SketchPort.Text(way)}");
                break;
            case Detaching(var device, var busReset):
                Step("Detach", $"{device.Id} at {device.Path}: sending DETACH{(busReset ? " and a USB bus reset" : "")}, which starts its bootloader");
                break;
            case WaitingForBootloader(var wanted, var timeout, var ask) waiting:
                Step("Wait", $"for {wanted}, up to {timeout.TotalSeconds:0.#} s" + (ask ? $": press RESET on the board now{(waiting.MayBeInRom ? " (for a bootloader in ROM, with BOOT0 held)" : "")}" : ""));
                break;
            case WaitingForUart(var port, var timeout):
                Step("Wait", $"for the bootloader at {port}, up to {timeout.TotalSeconds:0.#} s: set BOOT0 high and press RESET on the board now");
                break;
            case WiringFound(var port, var wiring):
                Step("Reset", $"{port}: by DTR and RTS; --reset-sequence {wiring.Text} next time saves the search");
                break;
            case BootloaderFound(var device, var info, var pollsEarly):
                Step("Found", $"{ErrorMessages.Place(device.Device)} ({device.Product})");
                foreach (var alternate in device.Alternates)
                {
                    Detail(device.Device.IsAtSerialPort ? alternate.Name : $"alternate setting {alternate.Setting}: {alternate.Name}");
                    foreach (var ignored in DescriptionText.Ignored(alternate))
                    {
                        Detail(ignored);
                    }
                }

                Detail($"block size {device.Functional.TransferSize} bytes, {(device.Functional.CanUpload ? "can" : "cannot")} be read back");
                Detail($"recognised as {info.Name}" + (device.IsHid || device.Device.IsAtSerialPort ? "" : pollsEarly ? $"; polls early ({info.PollsEarly})" : "; honours its poll timeout"));
                break;
            case BoardsFound(var boards):
                Step("Boards", $"{boards.Count} at once: {string.Join(", ", boards.Select(b => $"{b.Device.Id} at {b.Device.Path}"))}");
                break;
            case BoardLeftAlone(var device, var why):
                Step("Skipped", $"{device.Id} at {device.Path}: {why}");
                break;
            case PlanMade({ Memories.Count: 0 }, var unchanged, _):
                Step("Plan", $"nothing to write: all {unchanged} bytes are already correct");
                break;
            case PlanMade(var plan, _, var bytes) { Blocks: { } blocks }:
                Step("Plan", $"write {bytes} bytes in {(blocks == 1 ? "1 block" : $"{blocks} blocks")} from 0x{plan.Sectors.First().Address:X8} on; the bootloader erases as it writes");
                break;
            case PlanMade(var plan, var unchanged, var bytes):
                Plan(plan.Sectors, $"{plan.BytesToErase / 1024} KiB), write {bytes} bytes" + (unchanged == 0 ? "" : $"; {unchanged} are already correct"));
                if (plan.BytesToWrite > bytes)
                {
                    Detail($"and {plan.BytesToWrite - bytes} bytes of padding: the chip is programmed in larger units");
                }

                if (plan.Cleared.Count > 0)
                {
                    Step("Vectors", $"{string.Join(" and ", plan.Cleared.Select(w => $"0x{w.Value:X8} at 0x{w.Address:X8}"))} is written as 0: "
                        + "no processor reads these reserved vectors, and the bootloader keeps the start of the sketch there");
                }

                break;
            case ErasePlanned(var plan):
                Plan(plan.Sectors, $"{plan.Size / 1024} KiB), 0x{plan.Address:X8} to 0x{plan.End - 1:X8}");
                break;
            case ProgramFormatSet(var volts, var before, var width):
                Step("Voltage", $"{volts} V: the bootloader programs {Bytes(width)} at once instead of {before}");
                break;
            case Recovering(var what, var comesBack, var number, var most):
                Step("Retry", $"{number} of {most}: {what} " + (comesBack is { } wait ? $"Waiting up to {wait.TotalSeconds:0} s for it to return." : "Continuing after what is already written."));
                break;
            case FlashProgress(var phase, var done, var total):
                Progress(phase, done, total);
                break;
            case LeavingBootloader(var address):
                Step("Start", $"the sketch at 0x{address:X8}");
                break;
            case WaitingForSketch(var timeout, var ask):
                Step("Wait", $"for the sketch's serial port, up to {timeout.TotalSeconds:0.#} s" + (ask ? ": press RESET on the board now" : ""));
                break;
            case UploadWarning warning:
                Line(Text(warning));
                Line($"         {streams.Hint(warning.Hint)}");
                break;
            case UploadCancelled(var state):
                Line($"Cancelled. {state}");
                break;
        }
    }

    public void Simulated(SimulationSummary board) => Step(
        "Board",
        $"{board.Name}: {Sectors(board.SectorsErased)} erased, {board.BytesProgrammed} bytes programmed, {board.Violations} violations; "
            + (board.Sketch is { } sketch ? $"runs sketch {sketch} at 0x{board.SketchAddress:X8}" : board.IsOnBus ? "in its bootloader" : "off the bus"));

    public void Done(UploadResult result)
    {
        _progress.End();
        streams.Out.WriteLine(Ascii.Of(Text(result)));
    }

    /// <summary>The line of a successful upload.</summary>
    public static string Text(UploadResult result) =>
            $"Done: {result.Size} bytes at 0x{result.Address:X8}{Unchanged(result)}, {(result.Verified ? "verified" : "not verified")}, in {result.Elapsed.TotalSeconds:0.0} s. "
            + result switch
            {
                { Port: { } port } => $"The sketch is running on {port}.",
                { Left: true, StartsAfter: var wait } when wait > TimeSpan.Zero => $"The bootloader starts the sketch within {Math.Ceiling(wait.TotalSeconds):0} s.",
                { Left: true, NeedsBoot0Low: true } => "The bootloader was told to start the sketch. Set BOOT0 low, or the next reset starts the bootloader again.",
                { Left: true } => "The bootloader was told to start the sketch.",
                { NeedsBoot0Low: true } => "The board is still in its bootloader. Set BOOT0 low and press RESET to start the sketch.",
                _ => "The board is still in its bootloader. Press RESET to start the sketch.",
            };

    public void Done(CommandOutcome outcome)
    {
        _progress.End();
        foreach (var line in outcome.Text.Split('\n'))
        {
            streams.Out.WriteLine(Ascii.Of(line));
        }
    }

    public void Failed(UploadException e)
    {
        Line($"hint: {streams.Hint(e.Hint)}");
        Error($"{e.Message} [{e.Error.Code()}]");
    }

    public void Cancelled() => Error("cancelled");

    /// <summary>The line of a warning, without its hint.</summary>
    public static string Text(UploadWarning warning) => $"warning: {warning.Message} [{warning.Code.Code()}]";

    private static string Unchanged(UploadResult result) => result.Unchanged switch
    {
        0 => "",
        var all when all == result.Size => " (all already correct, nothing written)",
        var some => $" ({some} already correct)",
    };

    private void Image(FirmwareImage image, LinkAddress? fit)
    {
        Step("Image", $"{image.Name}: {image.Size} bytes for 0x{image.Start:X8}");
        foreach (var segment in image.Segments.Count > 1 ? image.Segments : [])
        {
            Detail($"segment 0x{segment.Address:X8} to 0x{segment.End - 1:X8}");
        }

        if (fit is not null)
        {
            Detail($"{fit.Hits} of {fit.Pointers} code pointers fit this address");
        }

        foreach (var segment in image.LeftOut)
        {
            Step("Left out", ImageText.Of(segment));
        }
    }

    private void Plan(IEnumerable<Sector> sectors, string rest)
    {
        Step("Plan", $"erase {Sectors(sectors.Count())} ({rest}");
        foreach (var row in SectorText.Of(sectors))
        {
            Detail(row);
        }
    }

    private static string Bytes(int count) => count == 1 ? "1 byte" : $"{count} bytes";

    private static string Sectors(int count) => count == 1 ? "1 sector" : $"{count} sectors";

    private void Progress(FlashPhase phase, long done, long total)
    {
        if (!quiet)
        {
            _progress.Show(Label(phase.ToString()), done, total, Time);
        }
    }

    private void Step(string label, string text)
    {
        if (!quiet)
        {
            Line(Time() + Label(label) + text);
        }
    }

    private void Detail(string text)
    {
        if (verbose && !quiet)
        {
            Line($"         {Label("")}{text}");
        }
    }

    private string Time() => verbose ? $"{_elapsed().TotalSeconds,8:0.000} " : "";

    // Not PadRight, whose Span.Fill is never precompiled: this runs before the first transfer.
    private static string Label(string label) => label.Length < LabelWidth ? label + Blanks[label.Length..] : label;

    private void Line(string text) => Write("", text);

    private void Error(string text) => Write(color ? "\e[31merror:\e[0m " : "error: ", text);

    private void Write(string label, string text)
    {
        _progress.End();
        streams.Error.WriteLine(label + streams.Wording(Ascii.Of(text)));
        streams.Error.Flush();
    }
}

/// <summary>
/// One line that shows the progress of a phase: a bar on a terminal, else a mark at every 25 % (an IDE shows each
/// carriage return as a new line).
/// </summary>
/// <param name="writer">Where it goes.</param>
/// <param name="isTerminal">Whether a line can be overwritten.</param>
internal sealed class ProgressLine(TextWriter writer, bool isTerminal)
{
    private const int BarWidth = 30;
    private string? _label;
    private int _percent;

    /// <summary>Shows progress; a new label starts a new line.</summary>
    /// <param name="label">The phase.</param>
    /// <param name="done">How much of it is done.</param>
    /// <param name="total">How much there is in all; above zero.</param>
    /// <param name="before">Gives the text before the label when the line starts.</param>
    public void Show(string label, long done, long total, Func<string> before)
    {
        if (label != _label)
        {
            End();
            _label = label;
            _percent = 0;
            writer.Write(before() + label);
        }

        var percent = (int)(done * 100 / total);
        if (isTerminal)
        {
            if (percent > _percent)
            {
                writer.Write($"\r{label}[{new string('#', percent * BarWidth / 100).PadRight(BarWidth)}] {percent,3}%");
                _percent = percent;
            }
        }
        else
        {
            for (; _percent + 25 <= percent; _percent += 25)
            {
                writer.Write($"{(_percent == 0 ? "" : " ")}{_percent + 25}%");
            }
        }

        writer.Flush();
        if (done == total)
        {
            End();
        }
    }

    /// <summary>Ends the current line, if there is one.</summary>
    public void End()
    {
        if (_label is not null)
        {
            writer.WriteLine();
            _label = null;
        }
    }
}

/// <summary>Sectors in words. Adjacent sectors of equal size share a line, since there can be hundreds of small pages.</summary>
internal static class SectorText
{
    /// <summary>A line for each row of sectors, in order.</summary>
    public static IEnumerable<string> Of(IEnumerable<Sector> sectors)
    {
        var row = new List<Sector>();
        foreach (var sector in sectors)
        {
            if (row.Count > 0 && (sector.Address != row[^1].End || sector.Size != row[^1].Size))
            {
                yield return Line(row);
                row.Clear();
            }

            row.Add(sector);
        }

        if (row.Count > 0)
        {
            yield return Line(row);
        }
    }

    private static string Line(List<Sector> row) => row.Count == 1
        ? $"sector 0x{row[0].Address:X8} to 0x{row[0].End - 1:X8}"
        : $"sectors 0x{row[0].Address:X8} to 0x{row[^1].End - 1:X8}, {row.Count} of {row[0].Size} bytes";
}
