using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using UploadHelper.CommandLine;
using UploadHelper.Configuration;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Usb.UsbIp;
using UploadHelper.Host;
using UploadHelper.Output;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Plug;

namespace UploadHelper.Commands;

/// <summary><c>simulate</c>: runs a virtual board that other programs can reach.</summary>
internal static class SimulateCommand
{
    public static Command Create(CommandContext context)
    {
        var command = new ExampledCommand(
            "simulate",
            "Run a virtual board until Ctrl-C and log its traffic.",
            "upload-helper simulate --board f4boot",
            "upload-helper upload --usbip 127.0.0.1:3240 --offset 0x4000 Blink.bin",
            "sudo upload-helper simulate --board f4boot,start=bootloader --plug");
        command.SetAction(parse => context.Run(parse, (settings, _) => Run(context, settings, parse.GetValue<string>($"--{SettingKeys.Board}")!)));
        return command;
    }

    private static int Run(CommandContext context, Settings settings, string board)
    {
        try
        {
            var options = SimulationOptions.Parse(board) with { SaveFile = (path, content) => OutputFile.Write(path, content, context.CreateFile) };
            var simulation = new Simulation(options, Endpoints(settings), context.Time, context.Streams.In, new AsciiWriter(context.Streams.Out));
            return simulation.Run(settings.Seconds(SettingKeys.For), context.UntilStopped)
                ? 0
                : throw new UploadException(
                    UploadError.Configuration,
                    "The flash of the virtual board is not saved; the last lines of its output say why.",
                    "Check the path of flash=FILE, its permissions and the free space on the disk.");
        }
        catch (Exception e) when (e is FormatException or PlugException or SocketException or IOException or UnauthorizedAccessException)
        {
            throw new UploadException(UploadError.Configuration, $"Cannot start the virtual board: {e.Message}", "See: upload-helper simulate --help", e);
        }
    }

    internal static SimulationEndpoints Endpoints(Settings settings)
    {
        var endpoints = new SimulationEndpoints { Plug = settings.Switch(SettingKeys.Plug), PseudoTerminal = settings.Text(SettingKeys.Pty) };
        if (!endpoints.Plug)
        {
            return endpoints with { Listen = Address(UsbIpEndpoint.ParseListener(settings.Text(SettingKeys.Listen) ?? $"{UsbIpProtocol.DefaultPort}")) };
        }

        return settings.Text(SettingKeys.Listen) is null && endpoints.PseudoTerminal is null
            ? endpoints
            : throw new UploadException(
                UploadError.Usage, "--plug cannot be combined with --listen or --pty: a board has only one host.", "Remove --plug, or remove --listen and --pty.");
    }

    // A literal address is not looked up: a lookup of 0.0.0.0, every address of this machine, fails.
    private static IPEndPoint Address(UsbIpEndpoint endpoint) =>
        new(IPAddress.TryParse(endpoint.Host, out var address) ? address : Dns.GetHostAddresses(endpoint.Host)[0], endpoint.Port);
}
