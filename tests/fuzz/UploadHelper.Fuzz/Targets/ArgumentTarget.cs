using Microsoft.Extensions.Configuration;
using UploadHelper.CommandLine;
using UploadHelper.Configuration;
using UploadHelper.Core.Errors;
using UploadHelper.DropIns;
using UploadHelper.Output;

namespace UploadHelper.Fuzz.Targets;

/// <summary>
/// The arguments of the process, a line each: what they mean or what is wrong with them, also in the words of older tools, and the
/// settings that come of it. Nothing is done.
/// </summary>
internal static class ArgumentTarget
{
    private static readonly ConsoleStreams Streams = new(TextReader.Null, TextWriter.Null, TextWriter.Null, ErrorIsTerminal: false);
    private static readonly Application Program = new(Streams, new Dictionary<string, string>(), TimeProvider.System, _ => CancellationToken.None);

    public static FuzzTarget Target { get; } = new(
        "arguments",
        ["UploadHelper.CommandLine.", "UploadHelper.Configuration.SettingNames", "UploadHelper.Configuration.Spelling", "UploadHelper.Configuration.BoardSettings",
            .. ((string[])["GetOpt", "DfuUtilCall", "DfuseOptions", "IdPattern", "Numbers", "Stm32flash", "CubeProg", "MapleUpload", "HidFlash", "DropIn"]).Select(c => $"UploadHelper.DropIns.{c}")],
        () => AllTargets.Bytes(
            "upload\nx.bin\n--offset\n0x4000\n--port=sim\n--no-verify",
            "COM5\n0x4000\nx.bin",
            "ttyACM0\n2\n1EAF:0003\nx.bin\n/opt/arduino",
            "2\n1EAF\n0003\nx.bin",
            "read\n0x08004000\n0x100\ndump.hex\n--usb-path\n1-1.2\n--usb-path\n1-3",
            "simulate\n--board\nf4boot,count=2\n--listen\n[::1]:3240\n--for\n3",
            "erase\n--all\n--yes\n--json\n--timeout\n1.5\n--serial\nABC",
            "leave\n0x08004000\n--verbose\n--color\nnever",
            "verify\nx.elf\n--board\nmaple_mini\n--hardware\n/opt\n--supply-voltage\n3.3",
            "upload\nx.hex\n--uart\n--port\nCOM5\n--baud-rate\n230400\n--reset-sequence\nrts,-dtr",
            "install-bootloader\nmaple\nx.bin\n--force\nids",
            "boards\n/opt/arduino\n--json",
            "explain\nno-device",
            "dfu-util\n-d\n0483:df11,1eaf:0003\n-a\n0\n-s\n0x08000000:leave:force\n-D\nx.bin\n-R\n-w",
            "dfu-util\n-l\n-p\n1-1.2\n-c\n1\n-i\n0\n-t\n2048\n-Z\n100\n-U\nx",
            "maple_upload\nttyACM0\n2\n1EAF:0003\nx.bin",
            "hid-flash\nx.bin\nCOM5",
            "stm32flash\n-b\n115200\n-w\nx.bin\n-v\n-g\n0x08000000\n-i\nrts,-dtr:dtr\n/dev/ttyUSB0",
            "stm32CubeProg.sh\n2\nx.bin\n-g",
            "STM32_Programmer_CLI\n-c\nport=USB1\nsn=ABC\n-w\nx.bin\n0x08000000\n-v\n-s\n0x08000000\n-q"),
        [.. AllTargets.Bytes(DropInTable.Names.Select(n => n + "\n").ToArray()), .. AllTargets.Bytes(OptionTable.Rows.Select(r => $"\n--{r.Name}\n").Distinct().ToArray()), .. AllTargets.Bytes("\n--", "\n--no-", "upload", "list", "image", "verify", "reset", "boards", "doctor", "discovery", "--json", "--", "=", "@x", "-v", "--help", "[suggest]", "[diagram]", "{serial.port}", "0x", "08004000", "4000h", "\n", "\"", "1EAF:0003", "-a", ":leave", ":mass-erase:force", ":unprotect", "port=")],
        Run)
    {
        // The tree of commands is made for every call.
        Memory = length => (4 << 20) + 1024L * length,
    };

    private static string Run(byte[] input)
    {
        var arguments = AllTargets.Text(input).Split('\n');
        if (DropInTable.Find("", arguments) is var (tool, own))
        {
            try
            {
                if (tool.Rewrite is null)
                {
                    return $"{tool.Name} {DfuUtilCall.Read(tool, own).Mode}";
                }

                arguments = tool.Rewrite(own);
            }
            catch (UploadException e) when (e.Error == UploadError.Usage && e.Message.Length > 0 && e.Hint.Length > 0)
            {
                return $"{tool.Name}: {e.Message}";
            }
        }

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
