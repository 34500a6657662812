using Microsoft.Extensions.Configuration;
using UploadHelper.CommandLine;
using UploadHelper.Configuration;
using UploadHelper.Core.Errors;
using UploadHelper.Output;

namespace UploadHelper.Fuzz.Targets;

/// <summary>The arguments of the process, a line each: what they mean or what is wrong with them, and the settings that come of it. Nothing is done.</summary>
internal static class ArgumentTarget
{
    private static readonly ConsoleStreams Streams = new(TextReader.Null, TextWriter.Null, TextWriter.Null, ErrorIsTerminal: false);
    private static readonly Application Program = new(Streams, new Dictionary<string, string>(), TimeProvider.System, _ => CancellationToken.None);

    public static FuzzTarget Target { get; } = new(
        "arguments",
        AllTargets.Bytes(
            "upload\nx.bin\n--offset\n0x4000\n--port=sim\n--no-verify",
            "COM5\n0x4000\nx.bin",
            "ttyACM0\n2\n1EAF:0003\nx.bin\n/opt/arduino",
            "2\n1EAF\n0003\nx.bin",
            "read\n0x08004000\n0x100\ndump.hex\n--usb-path\n1-1.2\n--usb-path\n1-3",
            "simulate\n--board\nf4boot,count=2\n--listen\n[::1]:3240\n--for\n3",
            "erase\n--all\n--yes\n--json\n--timeout\n1.5\n--serial\nABC",
            "leave\n0x08004000\n--verbose\n--color\nnever"),
        AllTargets.Bytes("\n--", "\n--no-", "upload", "list", "image", "verify", "reset", "boards", "doctor", "discovery", "--json", "--", "=", "@x", "-v", "--help", "[suggest]", "[diagram]", "{serial.port}", "0x", "08004000", "4000h", "\n", "\"", "1EAF:0003"),
        Run)
    {
        // The tree of commands is made for every call.
        Memory = length => (4 << 20) + 1024L * length,
    };

    private static string Run(byte[] input)
    {
        var arguments = AllTargets.Text(input).Split('\n');
        var (parse, usage) = Program.Check(arguments, CallingHost.Seen(Streams, new Dictionary<string, string>(), arguments));
        if (usage is not null)
        {
            return usage.Error == UploadError.Usage && usage.Message.Length > 0 && usage.Hint.Length > 0
                ? usage.Message
                : throw new InvalidDataException($"A wrong command line is reported as {usage.Error}: {usage.Message}");
        }

        if (parse.Errors.Count > 0)
        {
            // Help, the version and completion run whatever else is on the command line.
            return parse.Action != parse.CommandResult.Command.Action
                ? parse.Errors[0].Message
                : throw new InvalidDataException($"What the parser refuses is not reported: {parse.Errors[0].Message}");
        }

        try
        {
            var settings = new Settings(new ConfigurationBuilder().AddInMemoryCollection(TypedOptions.Of(parse)).Build());
            var request = BoardSettings.Request(settings);
            return $"{parse.CommandResult.Command.Name} {settings.Address(SettingKeys.Offset) is null} {settings.Switch(SettingKeys.Verify, true)} {request.Alternate is null} {settings.Size(SettingKeys.MaximumSize)}";
        }
        catch (UploadException e) when (e.Error.ExitStatus() == UploadError.Usage.ExitStatus())
        {
            return e.Message;
        }
    }
}
