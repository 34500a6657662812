using System.CommandLine;
using UploadHelper.CommandLine;
using UploadHelper.Commands;
using UploadHelper.Core.Errors;
using UploadHelper.Output;

namespace UploadHelper;

/// <summary>The program, with everything outside it passed in.</summary>
/// <param name="streams">The streams of the process.</param>
/// <param name="environment">Its variables.</param>
/// <param name="time">The clock.</param>
/// <param name="listen">Begins to listen for Ctrl-C and SIGTERM, once there is something to stop; gives what they cancel.</param>
internal sealed class Application(
    ConsoleStreams streams, IReadOnlyDictionary<string, string> environment, TimeProvider time, Func<CancellationToken> listen)
{
    private readonly ConsoleStreams _streams = CallingHost.Seen(streams, environment);

    /// <summary>Runs the program.</summary>
    /// <param name="arguments">The arguments of the process.</param>
    /// <returns>The exit status.</returns>
    public int Run(string[] arguments)
    {
        var parse = Parse(arguments);
        if (parse.Errors.Count > 0)
        {
            var usage = new UploadException(
                UploadError.Usage,
                string.Join(" ", parse.Errors.Select(e => e.Message)),
                $"See: upload-helper {(parse.CommandResult.Parent is null ? "" : parse.CommandResult.Command.Name + " ")}--help");
            IReporter reporter = arguments.Contains("--json")
                ? new JsonReporter(_streams)
                : new TextReporter(_streams, verbose: false, quiet: false, color: false);
            reporter.Failed(usage);
            return UploadError.Usage.ExitStatus();
        }

        return parse.Invoke(new InvocationConfiguration
        {
            Output = _streams.Out,
            Error = _streams.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        });
    }

    /// <summary>What the arguments mean; nothing is done yet.</summary>
    internal ParseResult Parse(string[] arguments)
    {
        var rewritten = ArgumentShapes.Rewrite(arguments, CommandTable.Knows);
        return CommandTree(rewritten).Parse(rewritten, new ParserConfiguration { ResponseFileTokenReplacer = null });
    }

    private RootCommand CommandTree(string[] arguments)
    {
        var globals = new GlobalOptions();
        var context = new CommandContext(_streams, environment, globals, time, listen);
        var root = new RootCommand(
            """
            Uploads sketches to STM32 boards over USB DFU.

            By hand:
              upload-helper PORT OFFSET FILE
              upload-helper /dev/ttyACM0 0x4000 Blink.bin
              upload-helper COM5 0x4000 Blink.bin
            As the cores called maple_loader and maple_upload:
              upload-helper PORT ALT VID:PID FILE [IDE-PATH] [DFUSE-ADDRESS]
              upload-helper PORT ALT VID PID FILE
            Without hardware:
              upload-helper upload --simulate f4boot --offset 0x4000 Blink.bin
            """);
        foreach (var command in CommandTable.For(arguments, context))
        {
            root.Add(command);
        }

        foreach (var option in globals.All)
        {
            root.Add(option);
        }

        ExampledCommand.ShowIn(root);
        return root;
    }
}
