using System.CommandLine;
using UploadHelper.CommandLine;
using UploadHelper.Discovery;
using UploadHelper.Host;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Commands;

/// <summary><c>discovery</c>: reports the boards in DFU mode to an IDE, so that they can be chosen as ports.</summary>
internal static class DiscoveryCommand
{
    public static Command Create(CommandContext context)
    {
        var command = new ExampledCommand(
            "discovery",
            "Report the boards in DFU mode to an IDE (Arduino's pluggable discovery protocol, on standard input and output).",
            "In platform.txt: pluggable_discovery.dfu.pattern=\"{runtime.platform.path}/tools/upload-helper\" discovery");
        command.SetAction(parse => context.Run(parse, (settings, _) =>
        {
            using var devices = DeviceEnvironment.Open(settings, context.Time, StartState.Bootloader);
            var signals = new DiscoverySignals(context.Streams.In);
            using var events = devices.WatchUsb(signals.BusChanged);
            var session = new DiscoverySession(devices.Usb, devices.Time, line => Say(context.Streams.Out, line));
            new DiscoveryLoop(session, Living(signals, devices, context), new LookPace(events is not null), devices.Time).Run(context.CancellationToken);
            return 0;
        }));
        return command;
    }

    // The client reads message by message, and expects \n on every system.
    private static void Say(TextWriter output, string line)
    {
        output.Write(line + "\n");
        output.Flush();
    }

    // A virtual board in this process keeps running while discovery waits.
    private static IDiscoverySignals Living(DiscoverySignals signals, DeviceEnvironment devices, CommandContext context) =>
        devices.Board is null ? signals : new VirtualTimeSignals(signals, context.Time, devices.Time);
}
