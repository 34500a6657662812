using UploadHelper.CommandLine;
using UploadHelper.Commands;
using UploadHelper.Configuration.Arduino;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Usb;
using UploadHelper.Core.Usb.UsbIp;
using UploadHelper.Discovery;
using UploadHelper.VirtualBoard;

namespace UploadHelper.Fuzz.Targets;

/// <summary>The values of options, the calling shapes, and the lines of Arduino's discovery protocol; the first byte chooses.</summary>
internal static class ValueTarget
{
    private static readonly Func<string, string>[] Parsers =
    [
        text => FlashAddress.Parse(text) < FlashAddress.FlashBase ? throw new UnsoundException($"\"{text}\" is below the flash") : "address",
        text => FlashLength.Parse(text) > 0 ? "length" : throw new UnsoundException($"\"{text}\" is no length"),
        text => UsbId.ParseList(text).Count == 1 ? "id" : "ids",
        text => UsbIpEndpoint.Parse(text).Host.Contains(':') ? "IPv6" : "host",
        text => UsbIpEndpoint.ParseListener(text).Host is "127.0.0.1" ? "loopback" : "listener",
        text => SimulationOptions.Parse(text).Board,
        text => BoardName.Parse(text, path => path.Length % 5 == 0)?.GetType().Name ?? "plain",
        text => DiscoveryRequest.Parse(text) is var request ? $"{request.Verb} {request.IsWellFormed}" : "",
        text => ArgumentShapes.Rewrite(text.Split(' '), CommandTable.Knows) is [var first, ..] && CommandTable.Knows(first) ? first : "none",
    ];

    public static FuzzTarget Target { get; } = new(
        "values",
        ["UploadHelper.Core.Chips.FlashAddress", "UploadHelper.Core.Usb.UsbIp.UsbIpEndpoint", "UploadHelper.VirtualBoard.SimulationOptions", "UploadHelper.Discovery.DiscoveryRequest", "UploadHelper.CommandLine.ArgumentShapes"],
        () => AllTargets.Bytes(
            "\u00000x08004000", "\u000016384", "\u00010x100", "\u00020483:df11", "\u0002,0483:df11,1eaf:0003", "\u0003localhost:3240", "\u0003[::1]:3240", "\u00043240", "\u0004[::]", "\u0005f4boot,count=2,start=empty,boot0=1",
            "\u0006Arduino_STM32:STM32F4:generic_f407v:upload_method=F4BootMethod", "\u0006C:\\core\\boards.txt:uno", "\u0007HELLO 1 \"arduino-cli 0.35\"", "\u0008ttyACM0 2 1EAF:0003 x.bin", "\u0008COM5 0x4000 x.bin"),
        AllTargets.Bytes("0x", "0X", "08004000", "FFFFFFFF", ":", "::", "[", "]", ",", "=", "count=64", "flash=", "-", "h", "START_SYNC", "HELLO", "\"", " ", ".txt:", "999999999999999999"),
        Run);

    private static string Run(byte[] input)
    {
        if (input.Length == 0)
        {
            return "nothing";
        }

        try
        {
            return Parsers[input[0] % Parsers.Length](AllTargets.Text(input.AsSpan(1)));
        }
        catch (UploadException e) when (e.Error.ExitStatus() == UploadError.Usage.ExitStatus())
        {
            return e.Message;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }
}
