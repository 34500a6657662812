using System.CommandLine;
using UploadHelper.CommandLine;
using UploadHelper.Configuration;
using UploadHelper.Core.Errors;
using UploadHelper.Host;
using UploadHelper.Output;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Commands;

/// <summary>The surroundings of a command.</summary>
/// <param name="streams">The streams of the process.</param>
/// <param name="environment">Its variables.</param>
/// <param name="time">The clock.</param>
/// <param name="listen">Begins to listen for Ctrl-C and SIGTERM; gives what they cancel. With true, so does the end of the terminal.</param>
/// <param name="createFile">Creates a file that the command writes.</param>
internal sealed class CommandContext(
    ConsoleStreams streams,
    IReadOnlyDictionary<string, string> environment,
    TimeProvider time,
    Func<bool, CancellationToken> listen,
    Func<string, Stream> createFile)
{
    private string _command = "";

    public ConsoleStreams Streams => streams;

    public IReadOnlyDictionary<string, string> Environment => environment;

    public TimeProvider Time => time;

    /// <summary>Creates a file that the command writes.</summary>
    public Func<string, Stream> CreateFile => createFile;

    /// <summary>The same surroundings, with messages in the words of an older tool.</summary>
    /// <param name="wording">Puts a message into them.</param>
    public CommandContext Saying(Func<string, string> wording) => new(streams with { Wording = wording }, environment, time, listen, createFile);

    /// <summary>Cancelled by Ctrl-C and SIGTERM, which end the process until this is first read. From then on, work outlives the terminal.</summary>
    public CancellationToken CancellationToken => listen(false);

    /// <summary>Cancelled by Ctrl-C, SIGTERM and the end of the terminal: for what runs until it is stopped.</summary>
    public CancellationToken UntilStopped => listen(true);

    /// <summary>Opens the devices that the settings name; to be disposed of before the result is reported, since it may then warn.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="reporter">Receives the warnings.</param>
    /// <param name="start">What a virtual board does at first, unless --simulate says otherwise.</param>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>.</exception>
    public DeviceEnvironment Open(Settings settings, IReporter reporter, StartState start) =>
        DeviceEnvironment.Open(settings, _command, time, start, createFile, reporter.Event);

    /// <summary>Runs a command whose result is what it prints: it fails if that is lost.</summary>
    /// <param name="parse">The parsed command line.</param>
    /// <param name="work">The work.</param>
    public int Print(ParseResult parse, Action<Settings, IReporter> work) => Run(parse, (settings, reporter) =>
    {
        streams.OnOutFailure(_ => { });
        work(settings, reporter);
        return streams.OutFailure is { } lost
            ? throw OutputLost(lost)
            : 0;
    });

    /// <summary>The failure of what only prints, if its output is lost.</summary>
    /// <param name="lost">Why.</param>
    public static UploadException OutputLost(Exception lost) =>
        new(UploadError.Configuration, $"Cannot write to standard output: {lost.Message}", "Check where the output goes: the free space on the disk and the permissions.");

    /// <summary>Runs a command's work with the merged settings, and turns whatever ends it into an exit status.</summary>
    /// <param name="parse">The parsed command line.</param>
    /// <param name="work">The work; its result is the exit status.</param>
    public int Run(ParseResult parse, Func<Settings, IReporter, int> work)
    {
        _command = parse.CommandResult.Command.Name;
        return Run(TypedOptions.Of(parse), parse.GetValue<string>($"--{SettingKeys.Config}"), work, UploadErrors.ExitStatus);
    }

    /// <summary>The same with settings that another tool's arguments stand for, and with that tool's exit statuses.</summary>
    /// <param name="typed">The settings from the command line, by their keys.</param>
    /// <param name="configuration">The configuration file from the command line, or null.</param>
    /// <param name="work">The work; its result is the exit status.</param>
    /// <param name="status">The exit status of a failure.</param>
    public int Run(
        IReadOnlyDictionary<string, string?> typed, string? configuration, Func<Settings, IReporter, int> work, Func<UploadError, int> status)
    {
        // Failures are reported as text until the settings are known.
        var text = new TextReporter(streams, verbose: false, quiet: false, color: false);
        IReporter reporter = text;
        streams.OnOutFailure(e => text.Event(Lost("output", e)));
        try
        {
            var settings = SettingsLoader.Load(typed, configuration, environment);
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
            return status(failure.Error);
        }
        finally
        {
            if (streams is { ErrorFailure: { } e, OutFailure: null } && reporter is TextReporter)
            {
                streams.Out.WriteLine(Ascii.Of(TextReporter.Text(Lost("error", e))));
            }
        }
    }

    private static UploadWarning Lost(string stream, Exception e) => new(
        WarningCode.OutputLost,
        $"Cannot write to standard {stream}: {e.Message.TrimEnd('.')}. upload-helper continues without it.",
        "Check where the output goes: the free space on the disk and the permissions.");

    /// <summary>A failure as the user sees it: an unexpected exception is a bug.</summary>
    public static UploadException Explain(Exception e) => e as UploadException ?? new UploadException(
        UploadError.Internal,
        $"Internal error: {e.GetType().Name}: {e.Message}",
        "This is a bug in upload-helper. Please report it, with the command line and the file that --trace FILE writes.",
        e);

    private IReporter Reporter(Settings settings)
    {
        if (settings.Switch(SettingKeys.Json))
        {
            return new JsonReporter(streams);
        }

        // NO_COLOR (no-color.org) counts unless the user asks for colours with "always"; an empty one does not count.
        var color = settings.Word(SettingKeys.Color) switch
        {
            "always" => true,
            "never" => false,
            _ => streams.ErrorIsTerminal && string.IsNullOrEmpty(environment.GetValueOrDefault("NO_COLOR")),
        };
        return new TextReporter(streams, settings.Switch(SettingKeys.Verbose), settings.Switch(SettingKeys.Quiet), color);
    }
}

/// <summary>All commands by name. Only those that the arguments can mean are made: making all of them takes longer than the start of many uploads.</summary>
internal static class CommandTable
{
    private static readonly (string Name, Func<CommandContext, Command> Create)[] Rows =
    [
        ("upload", UploadCommand.Create),
        ("list", ListCommand.Create),
        ("info", InfoCommand.Create),
        ("read", ReadCommand.Create),
        ("verify", VerifyCommand.Create),
        ("erase", EraseCommand.Create),
        ("unprotect", UnprotectCommand.Create),
        ("install-bootloader", InstallCommand.Create),
        ("leave", LeaveCommand.Create),
        ("reset", ResetCommand.Create),
        ("image", ImageCommand.Create),
        ("boards", BoardsCommand.Create),
        ("trace", TraceCommand.Create),
        ("doctor", DoctorCommand.Create),
        ("explain", ExplainCommand.Create),
        ("discovery", DiscoveryCommand.Create),
        ("simulate", SimulateCommand.Create),
    ];

    /// <summary>The names of all commands.</summary>
    public static IEnumerable<string> Names => Rows.Select(r => r.Name);

    /// <summary>Whether a word is the name of a command.</summary>
    public static bool Knows(string word) => Array.Exists(Rows, row => row.Name == word);

    /// <summary>Makes the command that the arguments begin with, or all if they begin with something else: help lists them.</summary>
    /// <param name="arguments">The arguments, with positional shapes rewritten.</param>
    /// <param name="context">The surroundings of the commands.</param>
    public static IEnumerable<Command> For(IReadOnlyList<string> arguments, CommandContext context)
    {
        var all = arguments is not ["--version"] && (arguments.Count == 0 || !Knows(arguments[0]));
        foreach (var (name, create) in Rows)
        {
            if (all || arguments[0] == name)
            {
                var command = create(context);
                CommandOptions.AddTo(command);
                yield return command;
            }
        }
    }
}
