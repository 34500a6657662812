using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using UploadHelper.CommandLine;
using UploadHelper.Configuration;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Usb.UsbIp;
using UploadHelper.VirtualBoard;
using UploadHelper.VirtualBoard.Faults;
using UploadHelper.VirtualBoard.Plug;

namespace UploadHelper.Commands;

/// <summary><c>simulate</c>: a virtual board that other programs can reach.</summary>
internal static class SimulateCommand
{
    public static Command Create(CommandContext context)
    {
        var board = new Option<string>("--board")
        {
            Description = $"Kind of board: {string.Join(", ", BoardFactory.Names)}; with flash=FILE its flash is kept in a file; with "
                + $"fault=KIND@N something goes wrong at the Nth transfer to its bootloader, where KIND is {string.Join(", ", Fault.Names)} (1 to {Fault.LastStatus})",
            HelpName = "NAME[,key=value]",
            Required = true,
        };
        board.CompletionSources.Add([.. BoardFactory.Names]);
        var command = new ExampledCommand(
            "simulate",
            "Be a virtual board, until Ctrl-C, and show what it sees.",
            "upload-helper simulate --board f4boot",
            "upload-helper upload --usbip 127.0.0.1:3240 --offset 0x4000 Blink.bin",
            "sudo upload-helper simulate --board f4boot,start=bootloader --plug")
        {
            board,
            GlobalOptions.Text(SettingKeys.Listen, "[HOST:]PORT", $"Export the board by USB/IP [default without --plug: 127.0.0.1:{UsbIpProtocol.DefaultPort}]"),
            GlobalOptions.Flag(SettingKeys.Plug, "Plug it into this machine's USB (Linux, root, module vhci-hcd)"),
            GlobalOptions.Text(SettingKeys.Pty, "PATH", "Offer the sketch's serial port as a pseudo terminal (Linux)"),
            GlobalOptions.Text(SettingKeys.For, "SECONDS", "End by itself after this time"),
        };
        command.SetAction(parse => context.Run(
            parse, (settings, _) => Run(context, settings, parse.GetValue(board)!), ownOptions: [SettingKeys.Board]));
        return command;
    }

    private static int Run(CommandContext context, Settings settings, string board)
    {
        TimeSpan? limit = settings.Text(SettingKeys.For) is null ? null : settings.Seconds(SettingKeys.For, default);
        try
        {
            new Simulation(SimulationOptions.Parse(board), Endpoints(settings), context.Time, context.Streams.In, context.Streams.Out)
                .Run(limit, context.CancellationToken);
            return 0;
        }
        catch (Exception e) when (e is FormatException or PlugException or SocketException or IOException or UnauthorizedAccessException)
        {
            throw new UploadException(UploadError.Configuration, $"The virtual board cannot be had: {e.Message}", "See: upload-helper simulate --help", e);
        }
    }

    internal static SimulationEndpoints Endpoints(Settings settings)
    {
        var endpoints = new SimulationEndpoints { Plug = settings.Switch(SettingKeys.Plug, false), PseudoTerminal = settings.Text(SettingKeys.Pty) };
        if (!endpoints.Plug)
        {
            return endpoints with { Listen = Address(UsbIpEndpoint.ParseListener(settings.Text(SettingKeys.Listen) ?? $"{UsbIpProtocol.DefaultPort}")) };
        }

        return settings.Text(SettingKeys.Listen) is null && endpoints.PseudoTerminal is null
            ? endpoints
            : throw new UploadException(
                UploadError.Usage, "A board has one host: with --plug it is this machine.", "Leave --plug away, or --listen and --pty.");
    }

    // An address is not looked up: of 0.0.0.0, every address of this machine, that would be refused.
    private static IPEndPoint Address(UsbIpEndpoint endpoint) =>
        new(IPAddress.TryParse(endpoint.Host, out var address) ? address : Dns.GetHostAddresses(endpoint.Host)[0], endpoint.Port);
}
