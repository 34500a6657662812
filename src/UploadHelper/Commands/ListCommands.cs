using System.CommandLine;
using UploadHelper.CommandLine;
using UploadHelper.Configuration;
using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Operations;
using UploadHelper.Core.Usb;
using UploadHelper.Host;
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
            Run(devices, context.Streams, settings.Switch(SettingKeys.Json), context.CancellationToken);
        }));
        return command;
    }

    private static void Run(DeviceEnvironment environment, ConsoleStreams streams, bool json, CancellationToken cancellationToken)
    {
        var listed = ErrorMessages.Listing(environment.Usb.List);
        var devices = listed.Where(DfuDescription.IsBootloader).ToList();
        foreach (var device in devices)
        {
            var (description, trouble) = Describe(environment, device, cancellationToken);
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

        foreach (var device in listed.Where(d => !json && DfuDescription.IsRuntime(d)))
        {
            streams.Out.WriteLine(Ascii.Of(ErrorMessages.Runtime(device)));
        }
    }

    private static (DfuDescription? Description, string Trouble) Describe(DeviceEnvironment environment, UsbDeviceInfo device, CancellationToken cancellationToken)
    {
        try
        {
            using var open = FirstContact.Open(environment.Usb, device, environment.Time, cancellationToken);
            return (DfuDescription.Read(open), $"{ErrorMessages.Place(device)} has no DFU functional descriptor.");
        }
        catch (UploadException e) when (e.Error == UploadError.GhostDevice)
        {
            return (null, $"{e.Message} {e.Hint}");
        }
        catch (UsbException e) when (e.Fault is UsbFault.AccessDenied or UsbFault.Busy or UsbFault.WrongDriver)
        {
            return (null, ErrorMessages.NotOpened(device, e).Message);
        }
        catch (UsbException e)
        {
            return (null, $"{ErrorMessages.Place(device)}: {ErrorMessages.Short(e)}");
        }
    }

    private static void WriteText(TextWriter writer, UsbDeviceInfo device, DfuDescription? description, string trouble)
    {
        if (description is null)
        {
            writer.WriteLine(Ascii.Of(trouble));
            return;
        }

        writer.WriteLine(Ascii.Of(
            $"{DescriptionText.Place(device)}: {description.Manufacturer} {description.Product}, {DescriptionText.SerialNumber(description)}, "
            + $"release {DescriptionText.Release(device.Release)}, "
            + (description.IsHid ? "HID bootloader" : $"{(description.IsDfuSe ? "DfuSe" : "DFU")}, blocks of {description.Functional.TransferSize} bytes")));
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
            "upload-helper info --uart --port /dev/ttyUSB0",
            "upload-helper info --simulate f4rom");
        command.SetAction(parse => context.Print(parse, (settings, reporter) =>
        {
            if (settings.Switch(SettingKeys.Uart))
            {
                AskUart(context, settings, reporter);
                return;
            }

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

    private static void AskUart(CommandContext context, Settings settings, IReporter reporter)
    {
        using var devices = context.Open(settings, reporter, StartState.Bootloader);
        var request = BoardSettings.Request(settings);
        request = request with { Port = request.Port ?? devices.DefaultPortFor(request) };
        var state = new BootloaderInquiry(devices.Usb, devices.Time, reporter.Event).AskUart(devices.SerialPorts, request, context.CancellationToken);
        if (settings.Switch(SettingKeys.Json))
        {
            new UartInfoEvent(state) { Board = state.Port }.Print(context.Streams.Out);
            return;
        }

        foreach (var line in StateText.Of(state))
        {
            context.Streams.Out.WriteLine(Ascii.Of(line));
        }
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
