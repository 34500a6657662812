using System.CommandLine;
using UploadHelper.Configuration;
using UploadHelper.Core.Dfu;
using UploadHelper.Core.Dfu.DfuSe;
using UploadHelper.Core.Uploading;
using UploadHelper.Core.Usb;
using UploadHelper.Output;
using UploadHelper.Outside;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Commands;

/// <summary><c>list</c>: what is in DFU mode, from descriptors alone. No class request: one parks a Maple bootloader for ever.</summary>
internal static class ListCommand
{
    public static Command Create(CommandContext context)
    {
        var command = new Command("list", "Show the boards in DFU mode, their alternate settings and memory maps.");
        command.SetAction(parse => context.Run(parse, (settings, _) =>
        {
            using var world = World.Open(settings, context, StartState.Bootloader);
            return Run(world.Usb, context.Streams, settings.Switch(SettingKeys.Json, false));
        }));
        return command;
    }

    private static int Run(IUsbBus bus, ConsoleStreams streams, bool json)
    {
        var devices = DeviceTrouble.Looking(bus.List).Where(d => d.Interfaces.Any(DfuDescription.IsDfuMode)).ToList();
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
            return (null, DeviceTrouble.NotOpened(device, e).Message);
        }
    }

    private static void WriteText(TextWriter writer, UsbDeviceInfo device, DfuDescription? description, string trouble)
    {
        var id = device.Id;
        if (description is null)
        {
            writer.WriteLine(Ascii.Of($"{id} at {device.Path}: {trouble}"));
            return;
        }

        writer.WriteLine(Ascii.Of(
            $"{id} at {device.Path}: {description.Manufacturer} {description.Product}, serial number {description.SerialNumber}, "
            + $"release {device.Release >> 8:X}.{device.Release & 0xFF:X2}, {(description.IsDfuSe ? "DfuSe" : "DFU")}, blocks of {description.Functional.TransferSize} bytes"));
        foreach (var alternate in description.Alternates)
        {
            writer.WriteLine(Ascii.Of($"  alt {alternate.Setting}: {alternate.Name}"));
            foreach (var group in Groups(alternate))
            {
                writer.WriteLine($"    0x{group.Address:X8} to 0x{group.End - 1:X8}  {group.Count,4} x {group.SectorSize,6} bytes  {Access(group.Access)}");
            }
        }
    }

    private static IEnumerable<SectorGroup> Groups(DfuAlternate alternate)
    {
        try
        {
            return MemoryMap.Parse(alternate.Name).Groups;
        }
        catch (MemoryMapException)
        {
            return [];
        }
    }

    private static string Access(SectorAccess access) => string.Join(
        ", ", Enum.GetValues<SectorAccess>().Where(a => access.HasFlag(a)).Select(a => a.ToString().ToLowerInvariant()));

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
