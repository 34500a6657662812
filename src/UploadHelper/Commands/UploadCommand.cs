using System.CommandLine;
using UploadHelper.CommandLine;
using UploadHelper.Configuration;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Operations;
using UploadHelper.Host;
using UploadHelper.Output;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Commands;

/// <summary><c>upload</c>: writes a sketch to a board and starts it.</summary>
internal static class UploadCommand
{
    public static Command Create(CommandContext context)
    {
        var file = new Argument<string>("FILE") { Description = "The compiled sketch (.bin, .hex, .s19, .elf, .dfu)" };
        var command = new ExampledCommand(
            "upload",
            "Write a sketch to a board and start it.",
            "upload-helper upload --port /dev/ttyACM0 --offset 0x4000 Blink.bin",
            "upload-helper upload --port COM5 --offset 0x4000 Blink.bin",
            "upload-helper upload --simulate f4boot --offset 0x4000 Blink.bin")
        {
            file,
        };
        command.SetAction(parse => context.Run(parse, (settings, reporter) => Run(context, settings, reporter, parse.GetValue(file)!)));
        return command;
    }

    private static int Run(CommandContext context, Settings settings, IReporter reporter, string file)
    {
        var request = Request(settings, file, context.Environment);
        if (SeveralBoards.Of(settings) is { } several)
        {
            return several.Run(context, settings, reporter, request);
        }

        UploadResult result;
        using (var devices = context.Open(settings, reporter, StartState.Sketch))
        {
            request = request with { Port = request.Port ?? devices.DefaultPortFor(request) };
            reporter.Begin(devices.Time);
            var uploader = new Uploader(devices.Usb, devices.SerialPorts, devices.Time, reporter.Event);
            result = devices.Traced(request, () => uploader.Run(request, context.CancellationToken));
            if (devices.Summary is { } board)
            {
                reporter.Simulated(board);
            }
        }

        reporter.Done(result);
        return 0;
    }

    /// <summary>The upload that the settings ask for.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="file">The path of the image file.</param>
    /// <param name="environment">The variables of the process.</param>
    /// <exception cref="UploadException">A value is not valid, or the file cannot be read.</exception>
    internal static UploadRequest Request(Settings settings, string file, IReadOnlyDictionary<string, string> environment)
    {
        var board = BoardSettings.Request(settings);
        var image = ImageFiles.Read(file);

        // The bootloader in ROM has no place of its own for sketches: it starts what stands at the start of the flash.
        uint? start = board.Uart is not null && ImageReader.NeedsAddress(image) ? FlashAddress.FlashBase : null;
        return new UploadRequest(image, settings.Address(SettingKeys.Offset) ?? start, board.Filter)
        {
            Port = board.Port,
            Alternate = board.Alternate,
            Processor = settings.Processor(),
            MaximumSize = settings.Size(SettingKeys.MaximumSize),
            Timeout = board.Timeout,
            Verify = settings.Switch(SettingKeys.Verify),
            Full = settings.Switch(SettingKeys.Full),
            EraseAll = settings.Switch(SettingKeys.EraseAll),
            Overridden = [.. settings.Words(SettingKeys.Force).Select(Overrides.Of)],
            StrictPolling = board.StrictPolling,
            Detach = board.Detach,
            SupplyVoltage = board.SupplyVoltage,
            Uart = board.Uart,
            Leave = settings.Switch(SettingKeys.Leave),
            WaitPort = settings.Word(SettingKeys.WaitPort) switch
            {
                "yes" => WaitPort.Yes,
                "no" => WaitPort.No,
                _ => CallingHost.IsArduinoCli(environment) ? WaitPort.No : WaitPort.Auto,
            },
        };
    }
}

/// <summary>An <c>upload</c> to several boards at once.</summary>
/// <param name="Paths">Where they are plugged in, or null for all boards in DFU mode.</param>
internal sealed record SeveralBoards(IReadOnlyList<string>? Paths)
{
    /// <summary>The boards that the settings name, or null if they name one.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Usage"/>: they also name a single board.</exception>
    public static SeveralBoards? Of(Settings settings)
    {
        var paths = settings.Texts(SettingKeys.UsbPath);
        var all = settings.Switch(SettingKeys.AllBoards);
        if (!all && paths.Count < 2)
        {
            return null;
        }

        if (settings.Switch(SettingKeys.Uart))
        {
            throw new UploadException(UploadError.Usage, "--all and several --usb-path are for boards on USB; --uart writes to one board.", "Remove --uart, or upload to each board alone.");
        }

        var named = ((string[])[SettingKeys.Port, SettingKeys.Serial, SettingKeys.UsbPath])
            .FirstOrDefault(key => settings.Text(key) is not null && (all || key != SettingKeys.UsbPath));
        return named is null
            ? new SeveralBoards(all ? null : paths)
            : throw new UploadException(
                UploadError.Usage, $"--{named} names one board, but this upload goes to several.", $"Remove --{named}, or upload to that board alone.");
    }

    /// <summary>Writes to them.</summary>
    /// <returns>The exit status.</returns>
    /// <exception cref="UploadException">At least one failed; each failure is already reported.</exception>
    /// <exception cref="OperationCanceledException">The user ended it.</exception>
    public int Run(CommandContext context, Settings settings, IReporter reporter, UploadRequest request)
    {
        IReadOnlyList<BoardOutcome> outcomes;
        using (var devices = context.Open(settings, reporter, Paths is null ? StartState.Bootloader : StartState.Sketch))
        {
            reporter.Begin(devices.Time);
            request = request with { Filter = request.Filter with { UsbPath = null } };
            var uploader = new ParallelUploader(devices.Usb, devices.SerialPorts, devices.Time, reporter.Event, path => reporter.ForBoard(path).Event);
            outcomes = uploader.Run(request, Paths, context.CancellationToken);
            foreach (var board in devices.Summaries)
            {
                reporter.Simulated(board);
            }
        }

        foreach (var outcome in outcomes)
        {
            Report(reporter.ForBoard(outcome.Path), outcome);
        }

        return outcomes.Any(o => o.Failure is OperationCanceledException) ? throw new OperationCanceledException() : Status(outcomes);
    }

    private static void Report(IReporter reporter, BoardOutcome outcome)
    {
        switch (outcome)
        {
            case { Result: { } result }:
                reporter.Done(result);
                break;
            case { Failure: OperationCanceledException }:
                reporter.Cancelled();
                break;
            case { Failure: { } failure }:
                reporter.Failed(CommandContext.Explain(failure));
                break;
        }
    }

    private static int Status(IReadOnlyList<BoardOutcome> outcomes)
    {
        var failed = outcomes.Where(o => o.Failure is not null).Select(o => (o.Path, CommandContext.Explain(o.Failure!).Error)).ToList();
        if (failed.Count == 0)
        {
            return 0;
        }

        // A sketch that was not seen to start is the mildest failure: it is on the board.
        var worst = failed.MaxBy(f => f.Error == UploadError.NotStarted ? 0 : f.Error.ExitStatus()).Error;
        throw new UploadException(
            worst,
            $"{failed.Count} of {outcomes.Count} boards failed: {string.Join(", ", failed.Select(f => $"{f.Path} ({f.Error.Code()})"))}.",
            "The lines above say what happened to each" + (failed.Count == outcomes.Count
                ? " and what to do."
                : $". The other boards are done. {Again.Sentence}: what is already correct is not written again."));
    }
}
