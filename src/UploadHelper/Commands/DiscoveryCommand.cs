using System.CommandLine;
using UploadHelper.Discovery;
using UploadHelper.Host;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Commands;

/// <summary><c>discovery</c>: reports boards in DFU mode to an IDE, which offers them as ports.</summary>
internal static class DiscoveryCommand
{
    public static Command Create(CommandContext context)
    {
        var command = new Command(
            "discovery",
            """
            Report boards in DFU mode to an IDE (Arduino's pluggable discovery protocol, on standard input and output).

            In platform.txt:
              pluggable_discovery.upload_helper.pattern="{runtime.platform.path}/upload-helper/upload-helper" discovery
            """);
        command.SetAction(parse => context.Print(parse, (settings, reporter) =>
        {
            using var environment = context.Open(settings, reporter, StartState.Bootloader);
            var session = new DiscoverySession(environment.Usb, environment.Time, line => Say(context.Streams.Out, line));
            new DiscoveryLoop(session, Client(environment, context), environment.Time).Run(context.UntilStopped);
        }));
        return command;
    }

    // The client reads each message as soon as it is complete, and expects \n on every system.
    private static void Say(TextWriter output, string line)
    {
        output.Write(line + "\n");
        output.Flush();
    }

    // The clock of a virtual board must go on while the discovery waits for its client.
    private static IDiscoveryClient Client(DeviceEnvironment environment, CommandContext context)
    {
        var client = new StandardInputClient(context.Streams.In);
        return environment.Summary is null ? client : new VirtualTimeClient(client, context.Time, environment.Time);
    }
}
