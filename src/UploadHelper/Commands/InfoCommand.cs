using System.CommandLine;
using UploadHelper.CommandLine;
using UploadHelper.Configuration;
using UploadHelper.Core.Dfu;
using UploadHelper.Core.Uploading;
using UploadHelper.Core.Usb;
using UploadHelper.Output;
using UploadHelper.Outside;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Commands;

/// <summary><c>info</c>: what a bootloader says of its state. Asks it, and therefore is not part of <c>list</c>.</summary>
internal static class InfoCommand
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(2);

    public static Command Create(CommandContext context)
    {
        var path = GlobalOptions.Text(SettingKeys.UsbPath, "PATH", "Where the board is plugged in, as `list` shows it, for example 1-1.2");
        var command = new Command("info", "Ask a bootloader for its state, status and attributes.") { path };
        command.SetAction(parse => context.Run(parse, (settings, _) =>
        {
            using var world = World.Open(settings, context, StartState.Bootloader);
            return Run(world, settings, context);
        }));
        return command;
    }

    private static int Run(World world, Settings settings, CommandContext context)
    {
        var device = Choose(world.Usb, settings.Text(SettingKeys.UsbPath));
        try
        {
            using var open = world.Usb.Open(device);
            var description = DfuDescription.Read(open) ?? throw new UploadException(
                UploadError.NotSupported, $"The device at {device.Path} has no DFU functional descriptor.", "See `upload-helper list`.");
            var alternate = description.Alternates[0];
            open.Claim(alternate.Interface);
            var status = new DfuConnection(open, alternate.Interface, world.Time, context.CancellationToken).GetStatus(AnswerLimit);
            Write(context.Streams.Out, settings.Switch(SettingKeys.Json, false), description, status);
            return 0;
        }
        catch (UsbException e) when (e.Fault is UsbFault.AccessDenied or UsbFault.Busy or UsbFault.WrongDriver)
        {
            throw DeviceTrouble.NotOpened(device, e);
        }
        catch (UsbException e)
        {
            throw DeviceTrouble.Explain(e, DeviceTrouble.Untouched);
        }
    }

    private static UsbDeviceInfo Choose(IUsbBus bus, string? path)
    {
        var found = DeviceTrouble.Looking(bus.List).Where(d => d.Interfaces.Any(DfuDescription.IsDfuMode) && (path is null || d.Path == path)).ToList();
        return found switch
        {
            [var only] => only,
            [] => throw new UploadException(UploadError.NoDevice, "No board is in DFU mode.", "Press RESET on the board, and ask again at once."),
            _ => throw new UploadException(
                UploadError.SeveralDevices,
                $"{found.Count} boards are in DFU mode: {string.Join(", ", found.Select(d => d.Path))}.",
                $"Say which: --usb-path {found[0].Path}"),
        };
    }

    private static void Write(TextWriter writer, bool json, DfuDescription description, DfuStatus status)
    {
        var functional = description.Functional;
        if (json)
        {
            JsonLine.Write(writer, "info", description.Device.Path, fields =>
            {
                DescriptionJson.Write(fields, description);
                fields.WriteString("state", status.State.Name());
                fields.WriteString("status", status.Code.Name());
            });
            return;
        }

        var id = description.Device.Id;
        writer.WriteLine(Ascii.Of($"{id} at {description.Device.Path}: {description.Manufacturer} {description.Product}, serial number {description.SerialNumber}"));
        writer.WriteLine($"  USB             {description.UsbRelease >> 8:X}.{description.UsbRelease & 0xFF:X2}, release {description.Device.Release >> 8:X}.{description.Device.Release & 0xFF:X2}");
        writer.WriteLine($"  DFU             {functional.DfuVersion >> 8:X}.{functional.DfuVersion & 0xFF:X2}{(description.IsDfuSe ? " (DfuSe)" : "")}");
        writer.WriteLine($"  attributes      0x{functional.Attributes:X2}: {Attributes(functional)}");
        writer.WriteLine($"  block size      {functional.TransferSize} bytes");
        writer.WriteLine($"  state           {status.State.Name()}");
        writer.WriteLine($"  status          {status.Code.Name()}");
    }

    private static string Attributes(DfuFunctionalDescriptor functional)
    {
        string[] names = ["can be written", "can be read", "manifestation tolerant", "detaches by itself"];
        return string.Join(", ", names.Where((_, bit) => (functional.Attributes & 1 << bit) != 0));
    }
}
