using System.CommandLine;
using UploadHelper.CommandLine;
using UploadHelper.Configuration;
using UploadHelper.Core.Errors;
using UploadHelper.Output;

namespace UploadHelper.Commands;

/// <summary>What a command gets to work with.</summary>
/// <param name="streams">The streams of the process.</param>
/// <param name="environment">Its variables.</param>
/// <param name="globals">The options that every command takes.</param>
/// <param name="time">The clock.</param>
/// <param name="listen">Begins to listen for Ctrl-C and SIGTERM; gives what they cancel.</param>
internal sealed class CommandContext(
    ConsoleStreams streams,
    IReadOnlyDictionary<string, string> environment,
    GlobalOptions globals,
    TimeProvider time,
    Func<CancellationToken> listen)
{
    public ConsoleStreams Streams => streams;

    public IReadOnlyDictionary<string, string> Environment => environment;

    public TimeProvider Time => time;

    /// <summary>Cancelled by Ctrl-C and SIGTERM, from the first time that somebody asks for it: before that they end the process.</summary>
    public CancellationToken CancellationToken => listen();

    /// <summary>Runs a command's work with the merged settings, and turns whatever ends it into an exit status.</summary>
    /// <param name="parse">The parsed command line.</param>
    /// <param name="work">The work; its result is the exit status.</param>
    /// <param name="ownOptions">Options that mean something else to this command than the setting of the same name.</param>
    public int Run(ParseResult parse, Func<Settings, IReporter, int> work, params IReadOnlyList<string> ownOptions)
    {
        // Until the settings are known, failures are told in text.
        IReporter reporter = new TextReporter(streams, verbose: false, quiet: false, color: false);
        try
        {
            var typed = TypedOptions.Of(parse);
            foreach (var own in ownOptions)
            {
                typed.Remove(own);
            }

            var settings = SettingsLoader.Load(typed, parse.GetValue(globals.Config), environment);
            reporter = Reporter(settings);
            foreach (var warning in settings.Warnings)
            {
                reporter.Event(warning);
            }

            return work(settings, reporter);
        }
        catch (OperationCanceledException)
        {
            reporter.Cancelled();
            return UploadErrors.Cancelled;
        }
        catch (Exception e)
        {
            var failure = Explain(e);
            reporter.Failed(failure);
            return failure.Error.ExitStatus();
        }
    }

    /// <summary>A failure as it is told: one that nobody has thought of is a defect.</summary>
    public static UploadException Explain(Exception e) => e as UploadException ?? new UploadException(
        UploadError.Internal,
        $"Internal failure: {e.GetType().Name}: {e.Message}",
        "This is a defect of upload-helper. Please report it, with the command line and a --trace FILE.",
        e);

    private IReporter Reporter(Settings settings)
    {
        if (settings.Switch(SettingKeys.Json, false))
        {
            return new JsonReporter(streams);
        }

        var color = settings.OneOf(
            SettingKeys.Color, streams.ErrorIsTerminal && !environment.ContainsKey("NO_COLOR"), ("auto", streams.ErrorIsTerminal), ("always", true), ("never", false));
        return new TextReporter(streams, settings.Switch(SettingKeys.Verbose, false), settings.Switch(SettingKeys.Quiet, false), color);
    }
}
