using System.CommandLine;
using UploadHelper.CommandLine;
using UploadHelper.Configuration;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Usb;
using UploadHelper.Output;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Commands;

/// <summary><c>list</c>: lists the boards in DFU mode from descriptors alone. It sends no class request: one would keep a Maple bootloader in DFU mode for ever.</summary>
internal static class ListCommand
{
    public static Command Create(CommandContext context)
    {
        var command = new ExampledCommand(
            "list",
            "List the boards in DFU mode, with their alternate settings and memory maps.",
            "upload-helper list",
            "upload-helper list --simulate f4rom");
        command.SetAction(parse => context.Print(parse, (settings, reporter) =>
        {
            using var devices = context.Open(settings, reporter, StartState.Bootloader);
            Run(devices.Usb, context.Streams, settings.Switch(SettingKeys.Json));
        }));
        return command;
    }

    private static void Run(IUsbBus bus, ConsoleStreams streams, bool json)
    {
        var devices = ErrorMessages.Listing(bus.List).Where(d => d.Interfaces.Any(DfuDescription.IsDfuMode)).ToList();
        foreach (var device in devices)
        {
            var (description, trouble) = Describe(bus, device);
            if (json)
            {
                WriteJson(streams.Out, device, description, trouble);
            }
            else
            {
                WriteText(streams.Out, device, description, trouble);
            }
        }

        if (devices.Count == 0 && !json)
        {
            streams.Out.WriteLine("No board is in DFU mode. A board whose sketch is running appears only after a reset.");
        }
    }

    private static (DfuDescription? Description, string Trouble) Describe(IUsbBus bus, UsbDeviceInfo device)
    {
        try
        {
            using var open = bus.Open(device);
            return (DfuDescription.Read(open), "it has no DFU functional descriptor");
        }
        catch (UsbException e) when (e.Fault == UsbFault.Timeout)
        {
            return (null, "it does not respond: its sketch is already running, and its bootloader never left the bus");
        }
        catch (UsbException e)
        {
            return (null, ErrorMessages.NotOpened(device, e).Message);
        }
    }

    private static void WriteText(TextWriter writer, UsbDeviceInfo device, DfuDescription? description, string trouble)
    {
        if (description is null)
        {
            writer.WriteLine(Ascii.Of($"{DescriptionText.Place(device)}: {trouble}"));
            return;
        }

        writer.WriteLine(Ascii.Of(
            $"{DescriptionText.Place(device)}: {description.Manufacturer} {description.Product}, serial number {description.SerialNumber}, "
            + $"release {DescriptionText.Release(device.Release)}, {(description.IsDfuSe ? "DfuSe" : "DFU")}, blocks of {description.Functional.TransferSize} bytes"));
        foreach (var line in DescriptionText.Alternates(description))
        {
            writer.WriteLine(Ascii.Of(line));
        }
    }

    private static void WriteJson(TextWriter writer, UsbDeviceInfo device, DfuDescription? description, string trouble)
    {
        JsonEvent line = description is null ? new UnreadableDeviceEvent(device.Id.ToString(), trouble) : new DeviceEvent("device", description);
        (line with { Board = device.Path }).Print(writer);
    }
}

/// <summary><c>info</c>: shows everything a bootloader reports, and its state. It sends a request, and therefore is not part of <c>list</c>.</summary>
internal static class InfoCommand
{
    public static Command Create(CommandContext context)
    {
        var command = new ExampledCommand(
            "info",
            "Show everything a bootloader reports: descriptors, memories, state and status. Asking keeps a Maple bootloader in DFU mode.",
            "upload-helper info",
            "upload-helper info --usb-path 1-1.2 --json",
            "upload-helper info --simulate f4rom");
        command.SetAction(parse => context.Print(parse, (settings, reporter) =>
        {
            var (ids, path, serial) = (settings.Ids(SettingKeys.UsbId), BoardSettings.OnePath(settings), settings.Text(SettingKeys.Serial));
            using var devices = context.Open(settings, reporter, StartState.Bootloader);
            var inquiry = new BootloaderInquiry(devices.Usb, devices.Time, reporter.Event);
            var device = inquiry.Choose(ids, path, serial);
            var drivers = devices.DriversOf(device);
            var state = inquiry.Ask(device, context.CancellationToken);
            Write(context.Streams.Out, settings, state, drivers);
        }));
        return command;
    }

    private static void Write(TextWriter writer, Settings settings, BootloaderState state, IReadOnlyList<string>? drivers)
    {
        if (settings.Switch(SettingKeys.Json))
        {
            new InfoEvent(state, drivers) { Board = state.Description.Device.Path }.Print(writer);
            return;
        }

        foreach (var line in StateText.Of(state, drivers, settings.Switch(SettingKeys.Verbose)))
        {
            writer.WriteLine(Ascii.Of(line));
        }
    }
}
