using System.CommandLine;
using UploadHelper.CommandLine;
using UploadHelper.Configuration;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Usb;
using UploadHelper.Host;
using UploadHelper.Output;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Commands;

/// <summary><c>list</c>: what is in DFU mode, from descriptors alone. No class request: one parks a Maple bootloader for ever.</summary>
internal static class ListCommand
{
    public static Command Create(CommandContext context)
    {
        var command = new ExampledCommand(
            "list",
            "Show the boards in DFU mode, their alternate settings and memory maps.",
            "upload-helper list",
            "upload-helper list --simulate f4rom");
        command.SetAction(parse => context.Run(parse, (settings, _) =>
        {
            using var world = DeviceEnvironment.Open(settings, context, StartState.Bootloader);
            return Run(world.Usb, context.Streams, settings.Switch(SettingKeys.Json, false));
        }));
        return command;
    }

    private static int Run(IUsbBus bus, ConsoleStreams streams, bool json)
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
            streams.Out.WriteLine("No board is in DFU mode. A board whose sketch runs shows up only after its reset.");
        }

        return 0;
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
            return (null, "it does not answer: a sketch runs whose bootloader never left the bus");
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

    private static void WriteJson(TextWriter writer, UsbDeviceInfo device, DfuDescription? description, string trouble) =>
        JsonLine.Write(writer, "device", device.Path, json =>
        {
            json.WriteString("id", device.Id.ToString());
            if (description is null)
            {
                json.WriteString("trouble", trouble);
                return;
            }

            DescriptionJson.Write(json, description);
        });
}
