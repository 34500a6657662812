using System.Collections;
using System.CommandLine;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using UploadHelper.CommandLine;
using UploadHelper.Commands;
using UploadHelper.Core.Errors;
using UploadHelper.DropIns;
using UploadHelper.Host;
using UploadHelper.Output;

namespace UploadHelper;

/// <summary>The program, with all its surroundings passed in.</summary>
/// <param name="streams">The streams of the process.</param>
/// <param name="environment">Its variables.</param>
/// <param name="time">The clock.</param>
/// <param name="listen">Begins to listen for Ctrl-C and SIGTERM; returns what they cancel. With true, so does the end of the terminal.</param>
internal sealed class Application(
    ConsoleStreams streams, IReadOnlyDictionary<string, string> environment, TimeProvider time, Func<bool, CancellationToken> listen)
{
    /// <summary>The process: gives the program its real surroundings.</summary>
    public static int Main(string[] arguments)
    {
        var time = TimeProvider.System;
        var start = time.GetTimestamp();
        var environment = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            environment[(string)variable.Key] = (string?)variable.Value ?? "";
        }

        using var signals = new Signals();
        var streams = StandardStreams.Open();
        try
        {
            var status = new Application(streams, environment, time, signals.Listen) { Program = StartedAs() }.Run(arguments);
            SlowReader.WaitFor(status, streams, environment, time, start);
            return status;
        }
        catch (Exception e)
        {
            // What no command has caught: the process gets no memory or no thread.
            streams.Error.WriteLine(Ascii.Of($"error: {e.Message} [{UploadError.Internal.Code()}]"));
            return UploadError.Internal.ExitStatus();
        }
    }

    // A link to an executable that carries the runtime is resolved before the runtime sees it; Linux still knows the link.
    private static string StartedAs()
    {
        const string CommandLine = "/proc/self/cmdline";
        if (OperatingSystem.IsLinux() && RuntimeFeature.IsDynamicCodeSupported && File.Exists(CommandLine))
        {
            return File.ReadAllText(CommandLine).Split('\0')[0];
        }

        return Environment.GetCommandLineArgs()[0];
    }

    /// <summary>The path by which the process was started: under the name of an older tool, it takes that tool's arguments.</summary>
    public string Program { private get; init; } = "";

    /// <summary>Creates the files that a run writes, by their paths; on the disk, unless a test has another.</summary>
    public Func<string, Stream> CreateFile { private get; init; } = OutputFile.OnDisk;

    /// <summary>Runs the program.</summary>
    /// <param name="arguments">The arguments of the process.</param>
    /// <returns>The exit status.</returns>
    public int Run(string[] arguments)
    {
        var seen = CallingHost.Seen(streams, environment, arguments).Surviving();
        if (DropInTable.Find(Program, arguments) is var (tool, ownArguments))
        {
            if (tool.Run is { } run)
            {
                return run(new CommandContext(seen, environment, time, listen, CreateFile), ownArguments);
            }

            if (ownArguments is ["-h" or "--help" or "-?", ..])
            {
                seen.Out.WriteLine(tool.HelpText);
                return 0;
            }

            try
            {
                arguments = tool.Rewrite!(ownArguments);
            }
            catch (UploadException e)
            {
                return Fail(e);
            }
        }

        var (parse, usage) = Check(arguments, seen);
        if (usage is not null)
        {
            return Fail(usage);
        }

        var status = parse.Invoke(new InvocationConfiguration
        {
            Output = seen.Out,
            Error = seen.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        });
        return status == 0 && !RunsCommand(parse) && seen.OutFailure is { } lost ? Fail(CommandContext.OutputLost(lost)) : status;

        int Fail(UploadException failure)
        {
            IReporter reporter = arguments.Contains("--json")
                ? new JsonReporter(seen)
                : new TextReporter(seen, verbose: false, quiet: false, color: false);
            reporter.Failed(failure);
            return failure.Error.ExitStatus();
        }
    }

    /// <summary>Parses arguments and checks them, without running anything.</summary>
    /// <param name="arguments">The arguments of the process.</param>
    /// <param name="seen">The streams of the command.</param>
    /// <returns>What was parsed, and what is wrong with it, or null.</returns>
    internal (ParseResult Parse, UploadException? Usage) Check(string[] arguments, ConsoleStreams seen)
    {
        var rewritten = ArgumentShapes.Rewrite(arguments, CommandTable.Knows);
        var parse = CommandTree(rewritten, seen).Parse(rewritten, new ParserConfiguration { ResponseFileTokenReplacer = null });

        return (parse, RunsCommand(parse) ? new BadInput([.. CommandTable.Names, .. DropInTable.Names]).Find(arguments, rewritten, parse) : null);
    }

    // Help, the version and completion run whatever else is on the command line.
    private static bool RunsCommand(ParseResult parse) => parse.Errors.Count > 0 || parse.Action == parse.CommandResult.Command.Action;

    /// <summary>Parses arguments alone.</summary>
    internal ParseResult Parse(string[] arguments) => Check(arguments, streams).Parse;

    private RootCommand CommandTree(string[] arguments, ConsoleStreams seen)
    {
        var context = new CommandContext(seen, environment, time, listen, CreateFile);
        var root = new RootCommand(
            $"""
            Upload sketches to STM32 boards over USB DFU.

            By hand:
              {ArgumentShapes.Usage[0]}
              upload-helper /dev/ttyACM0 0x4000 Blink.bin
              upload-helper COM5 0x4000 Blink.bin
            With the arguments of maple_loader and maple_upload, as Arduino cores pass them:
              {ArgumentShapes.Usage[1]}
              {ArgumentShapes.Usage[2]}
            In place of an older tool, with its arguments (also under its name, as a link or copy of the executable):
              upload-helper dfu-util -d 0483:df11 -a 0 -s 0x08000000:leave -D Blink.bin
            Without hardware:
              upload-helper upload --simulate f4boot --offset 0x4000 Blink.bin
            When something fails, look up the word in brackets at the end of the error:
              upload-helper explain no-device
            To report it, send the file that --trace FILE wrote. To see what is in it:
              upload-helper trace FILE
            """);
        foreach (var command in CommandTable.For(arguments, context))
        {
            root.Add(command);
        }

        // Help and completion show them. A call of one never comes here.
        if (root.Subcommands.Count > 1)
        {
            foreach (var tool in DropInTable.Rows)
            {
                root.Add(new Command(tool.Name, tool.Description));
            }
        }

        CommandOptions.AddGlobalTo(root);
        ExampledCommand.ShowIn(root);
        return root;
    }
}

/// <summary>
/// Ctrl-C and SIGTERM: the first stops the work before its next transfer, the second ends the process at once. The end of the
/// terminal (SIGHUP) stops only what would go on for ever: a board is worth more than a window.
/// </summary>
internal sealed class Signals : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private bool _hangupStops;

    /// <summary>Begins to listen, which starts a thread, unless it already listens.</summary>
    /// <param name="hangupStops">Whether the end of the terminal cancels, too.</param>
    /// <returns>Cancelled by the first signal.</returns>
    public CancellationToken Listen(bool hangupStops)
    {
        _hangupStops |= hangupStops;
        if (_registrations.Count == 0)
        {
            try
            {
                _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnHangup));
                _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, On));
                _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, On));
            }
            catch (Exception)
            {
                // The process may open no more descriptors, or start no thread. A signal then ends it at once, which a board survives too.
            }
        }

        return _source.Token;
    }

    public void Dispose()
    {
        _registrations.ForEach(r => r.Dispose());
        _source.Dispose();
    }

    private void OnHangup(PosixSignalContext context)
    {
        context.Cancel = true;
        if (_hangupStops)
        {
            _source.Cancel();
        }
    }

    private void On(PosixSignalContext context)
    {
        if (!_source.IsCancellationRequested)
        {
            context.Cancel = true;
            _source.Cancel();
        }
    }
}
