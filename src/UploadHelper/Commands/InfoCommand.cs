using System.CommandLine;
using UploadHelper.CommandLine;
using UploadHelper.Configuration;
using UploadHelper.Core.Operations;
using UploadHelper.Host;
using UploadHelper.Output;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Commands;

/// <summary><c>info</c>: all that a bootloader says of itself, and its state. Asks it, and therefore is not part of <c>list</c>.</summary>
internal static class InfoCommand
{
    public static Command Create(CommandContext context)
    {
        var command = new ExampledCommand(
            "info",
            "Show all that a bootloader says of itself: descriptors, memories, state and status. A Maple bootloader stays in DFU mode when it is asked.",
            "upload-helper info",
            "upload-helper info --usb-path 1-1.2 --json",
            "upload-helper info --simulate f4rom");
        BoardOptions.AddChoiceTo(command);
        command.SetAction(parse => context.Run(parse, (settings, reporter) =>
        {
            using var world = DeviceEnvironment.Open(settings, context, StartState.Bootloader);
            var inquiry = new BootloaderInquiry(world.Usb, world.Time, reporter.Event);
            var device = inquiry.Choose(settings.Ids(SettingKeys.UsbId), settings.Text(SettingKeys.UsbPath), settings.Text(SettingKeys.Serial));
            var drivers = world.DriversOf(device);
            var state = inquiry.Ask(device, context.CancellationToken);
            Write(context.Streams.Out, settings, state, drivers);
            return 0;
        }));
        return command;
    }

    private static void Write(TextWriter writer, Settings settings, BootloaderState state, IReadOnlyList<string>? drivers)
    {
        if (settings.Switch(SettingKeys.Json, false))
        {
            JsonLine.Write(writer, "info", state.Description.Device.Path, fields => StateJson.Write(fields, state, drivers));
            return;
        }

        foreach (var line in StateText.Of(state, drivers, settings.Switch(SettingKeys.Verbose, false)))
        {
            writer.WriteLine(Ascii.Of(line));
        }
    }
}
