using System.CommandLine;
using UploadHelper.Discovery;
using UploadHelper.Host;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Commands;

/// <summary><c>discovery</c>: tells an IDE of the boards in DFU mode, so that they can be chosen as ports.</summary>
internal static class DiscoveryCommand
{
    public static Command Create(CommandContext context)
    {
        var command = new Command(
            "discovery",
            """
            Tell an IDE which boards are in DFU mode (Arduino's pluggable discovery protocol, on standard input and output).

            In platform.txt:
              pluggable_discovery.dfu.pattern="{runtime.platform.path}/tools/upload-helper" discovery
            """);
        command.SetAction(parse => context.Run(parse, (settings, _) =>
        {
            using var world = DeviceEnvironment.Open(settings, context, StartState.Bootloader);
            var signals = new DiscoverySignals(context.Streams.In);
            using var events = world.WatchUsb(signals.BusChanged);
            var session = new DiscoverySession(world.Usb, world.Time, line => Say(context.Streams.Out, line));
            new DiscoveryLoop(session, Living(signals, world, context), new LookPace(events is not null), world.Time).Run(context.CancellationToken);
            return 0;
        }));
        return command;
    }

    // The client reads message by message, and counts on \n on every system.
    private static void Say(TextWriter output, string line)
    {
        output.Write(line + "\n");
        output.Flush();
    }

    // A virtual board of this process lives on while the discovery waits.
    private static IDiscoverySignals Living(DiscoverySignals signals, DeviceEnvironment world, CommandContext context) =>
        world.Summary is null ? signals : new VirtualTimeSignals(signals, context.Time, world.Time);
}
