using UploadHelper.Configuration;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Operations;
using UploadHelper.Host;
using UploadHelper.Output;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Commands;

/// <summary>An <c>upload</c> to several boards at once.</summary>
/// <param name="Paths">Their places on the bus, or null for all that are in DFU mode.</param>
internal sealed record SeveralBoards(IReadOnlyList<string>? Paths)
{
    /// <summary>What the settings ask for, or null if one board is meant.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Usage"/>: they name one of all as well.</exception>
    public static SeveralBoards? Of(Settings settings)
    {
        var paths = settings.Texts(SettingKeys.UsbPath);
        var all = settings.Switch(SettingKeys.AllBoards, false);
        if (!all && paths.Count < 2)
        {
            return null;
        }

        var named = ((string[])[SettingKeys.Port, SettingKeys.Serial, SettingKeys.UsbPath])
            .FirstOrDefault(key => settings.Text(key) is not null && (all || key != SettingKeys.UsbPath));
        return named is null
            ? new SeveralBoards(all ? null : paths)
            : throw new UploadException(
                UploadError.Usage, $"--{named} names one board, and the upload is to go to several.", $"Leave --{named} away, or write to that board alone.");
    }

    /// <summary>Writes to them.</summary>
    /// <returns>The exit status.</returns>
    /// <exception cref="UploadException">At least one failed; each was told by itself before.</exception>
    /// <exception cref="OperationCanceledException">The user ended it.</exception>
    public int Run(CommandContext context, Settings settings, IReporter reporter, UploadRequest request)
    {
        using var world = DeviceEnvironment.Open(settings, context, Paths is null ? StartState.Bootloader : StartState.Sketch);
        reporter.Begin(world.Time);
        request = request with { Filter = request.Filter with { UsbPath = null } };
        var uploader = new ParallelUploader(world.Usb, world.SerialPorts, world.Time, reporter.Event, path => reporter.ForBoard(path).Event);
        var outcomes = uploader.Run(request, Paths, context.CancellationToken);
        foreach (var board in world.Summaries)
        {
            reporter.Simulated(board);
        }

        foreach (var outcome in outcomes)
        {
            Tell(reporter.ForBoard(outcome.Path), outcome);
        }

        return outcomes.Any(o => o.Failure is OperationCanceledException) ? throw new OperationCanceledException() : Status(outcomes);
    }

    private static void Tell(IReporter reporter, BoardOutcome outcome)
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

        // That a sketch was not seen to start is the least: it is on the board.
        var worst = failed.MaxBy(f => f.Error == UploadError.NotStarted ? 0 : f.Error.ExitStatus()).Error;
        throw new UploadException(
            worst,
            $"{failed.Count} of {outcomes.Count} boards failed: {string.Join(", ", failed.Select(f => $"{f.Path} ({f.Error.Code()})"))}.",
            "What happened to each is told above" + (failed.Count == outcomes.Count
                ? ", with what to do."
                : "; the others are done. Run the same upload again: what is there already is not written twice."));
    }
}
