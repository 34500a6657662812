using System.CommandLine;
using UploadHelper.CommandLine;
using UploadHelper.Configuration;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Operations;
using UploadHelper.Host;
using UploadHelper.Output;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Commands;

/// <summary><c>upload</c>: the main job.</summary>
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
            BoardOptions.Offset(),
            GlobalOptions.Text(SettingKeys.MaximumSize, "BYTES", "Refuse a larger sketch [default: what the board's flash holds]"),
            GlobalOptions.Flag(SettingKeys.AllBoards, "Write to all boards in DFU mode at once, which must be of one kind; to some: give --usb-path several times"),
            GlobalOptions.Flag("verify", "Read back and compare [default]"),
            GlobalOptions.Flag("no-verify", "Do not read back"),
            GlobalOptions.Flag("full", "Write everything, also what is on the board already"),
            GlobalOptions.Flag("no-full", "Write only the sectors that differ [default]"),
            GlobalOptions.Flag("strict-polling", "Wait as long as the bootloader says, also where it is known to exaggerate"),
            GlobalOptions.Flag("no-strict-polling", "Wait for its answers where that is known to be safe [default]"),
            GlobalOptions.Flag("leave", "Start the sketch afterwards [default]"),
            GlobalOptions.Flag("no-leave", "Stay in the bootloader"),
            GlobalOptions.Text(SettingKeys.WaitPort, "auto|yes|no", "Wait for the sketch's serial port afterwards"),
        };
        BoardOptions.AddTo(command);
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

        using var world = DeviceEnvironment.Open(settings, context, StartState.Sketch);
        request = request with { Port = request.Port ?? world.DefaultPort };
        reporter.Begin(world.Time);
        var uploader = new Uploader(world.Usb, world.SerialPorts, world.Time, reporter.Event);
        var result = uploader.Run(request, context.CancellationToken);
        if (world.Summary is { } board)
        {
            reporter.Simulated(board);
        }

        reporter.Done(result);
        return 0;
    }

    private static UploadRequest Request(Settings settings, string file, IReadOnlyDictionary<string, string> environment)
    {
        var board = BoardSettings.Request(settings);
        return new UploadRequest(ImageFiles.Read(file), settings.Address(SettingKeys.Offset), board.Filter)
        {
            Port = board.Port,
            Alternate = board.Alternate,
            MaximumSize = settings.Size(SettingKeys.MaximumSize),
            Timeout = board.Timeout,
            Verify = settings.Switch(SettingKeys.Verify, true),
            Full = settings.Switch(SettingKeys.Full, false),
            StrictPolling = settings.Switch(SettingKeys.StrictPolling, false),
            Leave = settings.Switch(SettingKeys.Leave, true),
            WaitPort = settings.OneOf(
                SettingKeys.WaitPort, DefaultWait(environment), ("auto", DefaultWait(environment)), ("yes", WaitPort.Yes), ("no", WaitPort.No)),
        };
    }

    private static WaitPort DefaultWait(IReadOnlyDictionary<string, string> environment) =>
        CallingHost.IsArduinoCli(environment) ? WaitPort.No : WaitPort.Auto;
}
