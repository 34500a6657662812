using System.CommandLine;
using UploadHelper.CommandLine;
using UploadHelper.Configuration;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Uploading;
using UploadHelper.Output;
using UploadHelper.Outside;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Commands;

/// <summary><c>upload</c>: the main job.</summary>
internal static class UploadCommand
{
    public static Command Create(CommandContext context)
    {
        var file = new Argument<string>("FILE") { Description = "The compiled sketch (.bin, .hex, .s19, .elf, .dfu)" };
        var command = new Command(
            "upload",
            """
            Write a sketch to a board and start it.

            Examples:
              upload-helper upload --port /dev/ttyACM0 --offset 0x4000 Blink.bin
              upload-helper upload --port COM5 --offset 0x4000 Blink.bin
              upload-helper upload --simulate f4boot --offset 0x4000 Blink.bin
            """)
        {
            file,
        };
        foreach (var option in Options())
        {
            command.Add(option);
        }

        command.SetAction(parse => context.Run(parse, (settings, reporter) => Run(context, settings, reporter, parse.GetValue(file)!)));
        return command;
    }

    private static Option[] Options()
    {
        var offset = GlobalOptions.Text(SettingKeys.Offset, "OFFSET", "Where the sketch begins: from the start of the flash (0x4000), or an address (0x08004000)");
        offset.Aliases.Add("--address");
        return
        [
            GlobalOptions.Text(SettingKeys.Port, "PORT", "Serial port of the running sketch; without one, press RESET or use a board in DFU mode"),
            offset,
            GlobalOptions.Text(SettingKeys.Board, "NAME", "A board described in the configuration file"),
            GlobalOptions.Text(SettingKeys.UsbId, "VID:PID", "USB ids of the bootloader [default: 0483:DF11]"),
            GlobalOptions.Text(SettingKeys.Alternate, "N", "Alternate setting [default: the one that holds the address]"),
            GlobalOptions.Text(SettingKeys.UsbPath, "PATH", "Where the board is plugged in, as `list` shows it, for example 1-1.2"),
            GlobalOptions.Text(SettingKeys.Serial, "TEXT", "Serial number of the bootloader"),
            GlobalOptions.Flag("verify", "Read back and compare [default]"),
            GlobalOptions.Flag("no-verify", "Do not read back"),
            GlobalOptions.Flag("leave", "Start the sketch afterwards [default]"),
            GlobalOptions.Flag("no-leave", "Stay in the bootloader"),
            GlobalOptions.Text(SettingKeys.WaitPort, "auto|yes|no", "Wait for the sketch's serial port afterwards"),
            GlobalOptions.Text(SettingKeys.Timeout, "SECONDS", "How long to wait for the bootloader [default: 15]"),
        ];
    }

    private static int Run(CommandContext context, Settings settings, IReporter reporter, string file)
    {
        var request = Request(settings, file, context.Environment);
        using var world = World.Open(settings, context, StartState.Sketch);
        request = request with { Port = request.Port ?? world.DefaultPort };
        reporter.Begin(world.Time);
        var uploader = new Uploader(world.Usb, world.SerialPorts, world.Time, reporter.Event);
        var result = uploader.Run(request, context.CancellationToken);
        if (world.Board is { } board)
        {
            reporter.Simulated(board);
        }

        reporter.Done(result);
        return 0;
    }

    private static UploadRequest Request(Settings settings, string file, IReadOnlyDictionary<string, string> environment)
    {
        var address = settings.Address(SettingKeys.Offset);
        var filter = new DeviceFilter(
            [settings.Ids(SettingKeys.UsbId) ?? DeviceFilter.StDfu], settings.Text(SettingKeys.UsbPath), settings.Text(SettingKeys.Serial));
        return new UploadRequest(Read(file), address, filter)
        {
            Port = settings.Text(SettingKeys.Port) is { } port ? Target(port) : null,
            Alternate = settings.Byte(SettingKeys.Alternate),
            Verify = settings.Switch(SettingKeys.Verify, true),
            Leave = settings.Switch(SettingKeys.Leave, true),
            WaitPort = settings.OneOf(
                SettingKeys.WaitPort, DefaultWait(environment), ("auto", DefaultWait(environment)), ("yes", WaitPort.Yes), ("no", WaitPort.No)),
            Timeout = settings.Seconds(SettingKeys.Timeout, TimeSpan.FromSeconds(15)),
        };
    }

    // A link of udev's (/dev/serial/by-id/...) stands for a port that is listed under its own name.
    private static string Target(string port) =>
        Path.IsPathRooted(port) && File.Exists(port) ? File.ResolveLinkTarget(port, returnFinalTarget: true)?.FullName ?? port : port;

    // arduino-cli looks for the port itself, but only once the tool has ended.
    private static WaitPort DefaultWait(IReadOnlyDictionary<string, string> environment) =>
        environment.ContainsKey("ARDUINO_USER_AGENT") ? WaitPort.No : WaitPort.Auto;

    private static ImageFile Read(string file)
    {
        try
        {
            return new ImageFile(Path.GetFileName(file), File.ReadAllBytes(file));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new UploadException(UploadError.ImageMissing, $"There is no file {file}.", "Was the sketch compiled? Check the path.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UploadException(UploadError.ImageUnreadable, $"{file} cannot be read: {e.Message}", "Check the path and its permissions.", e);
        }
    }
}
