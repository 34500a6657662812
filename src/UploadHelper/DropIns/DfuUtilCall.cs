using System.Globalization;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Usb;

namespace UploadHelper.DropIns;

/// <summary>What a call of dfu-util asks for.</summary>
internal enum DfuUtilMode
{
    /// <summary>-D, or -s with modifiers alone.</summary>
    Download,

    /// <summary>-U.</summary>
    Upload,

    /// <summary>-l.</summary>
    List,

    /// <summary>-e.</summary>
    Detach,

    /// <summary>-V.</summary>
    Version,

    /// <summary>-h.</summary>
    Help,
}

/// <summary>The arguments of dfu-util 0.11 (its main.c and dfuse.c), read and checked. Nothing is touched yet.</summary>
/// <param name="Mode">What to do.</param>
internal sealed record DfuUtilCall(DfuUtilMode Mode)
{
    /// <summary>The file of -D or -U; null without them.</summary>
    public string? File { get; private init; }

    /// <summary>-d before the comma: ids of a device in run-time mode; null without -d.</summary>
    public IdPattern? Runtime { get; private init; }

    /// <summary>-d behind the comma: ids of a device in DFU mode. dfu-util knows one pair; PlatformIO gives all that a board may have.</summary>
    public IReadOnlyList<IdPattern> DfuMode { get; private init; } = [];

    /// <summary>-p, as in "1-1.2"; null for any.</summary>
    public string? Path { get; private init; }

    /// <summary>-n: the number of the device on its bus; null for any.</summary>
    public int? Number { get; private init; }

    /// <summary>-c: bConfigurationValue; null for any.</summary>
    public int? Configuration { get; private init; }

    /// <summary>-i: bInterfaceNumber; null for any.</summary>
    public int? Interface { get; private init; }

    /// <summary>-a, if it is a number.</summary>
    public int? Alternate { get; private init; }

    /// <summary>-a, if it is a name.</summary>
    public string? AlternateName { get; private init; }

    /// <summary>-S: serial number of a device in run-time mode; null for any.</summary>
    public string? RuntimeSerial { get; private init; }

    /// <summary>-S: serial number of a device in DFU mode; null for any.</summary>
    public string? DfuModeSerial { get; private init; }

    /// <summary>-t, in bytes; null for the size that the device states.</summary>
    public int? TransferSize { get; private init; }

    /// <summary>-Z, in bytes; null if it was not given.</summary>
    public int? UploadSize { get; private init; }

    /// <summary>-E.</summary>
    public TimeSpan DetachDelay { get; private init; } = TimeSpan.FromSeconds(5);

    /// <summary>-R.</summary>
    public bool Reset { get; private init; }

    /// <summary>-w.</summary>
    public bool Wait { get; private init; }

    /// <summary>-v.</summary>
    public bool Verbose { get; private init; }

    /// <summary>-s; null without it.</summary>
    public DfuseOptions? Dfuse { get; private init; }

    private static IReadOnlyList<GetOptRow> Rows { get; } =
    [
        new('h', false, "help"), new('V', false, "version"), new('v', false, "verbose"), new('l', false, "list"), new('e', false, "detach"),
        new('E', true, "detach-delay"), new('d', true, "device"), new('p', true, "path"), new('c', true, "configuration", "cfg"),
        new('i', true, "interface", "intf"), new('a', true, "altsetting", "alt"), new('S', true, "serial"), new('t', true, "transfer-size"),
        new('U', true, "upload"), new('Z', true, "upload-size"), new('D', true, "download"), new('R', false, "reset"), new('s', true, "dfuse-address"),
        new('n', true, "devnum"), new('w', false, "wait"),
    ];

    /// <summary>The options, as --help shows them.</summary>
    public const string Help =
        """
        Usage: dfu-util [options]
          -l, --list                      List the devices with DFU
          -d, --device VID:PID[,VID:PID]  Ids of the device in run-time mode, and behind the comma in DFU mode
          -p, --path BUS-PORT[.PORT]      Where it is plugged in
          -n, --devnum N                  Its number on the bus
          -S, --serial TEXT[,TEXT]        Its serial number in run-time mode, and behind the comma in DFU mode
          -c, --cfg N   -i, --intf N      Configuration and interface
          -a, --alt N                     Alternate setting, by number or by name
          -D, --download FILE             Write a file (- for standard input) to the board, read it back and compare
          -U, --upload FILE               Read the board's memory into a new file
          -Z, --upload-size BYTES         How many bytes -U should find
          -s, --dfuse-address ADDRESS[:MODIFIER]...
                                          Where a file without addresses goes, or reading begins. Modifiers:
                leave                     start the program afterwards
                LENGTH                    how many bytes -U reads
                force                     override the checks of the file
                mass-erase                erase the whole flash first (needs force)
                unprotect                 remove the read protection, which erases the whole flash (needs force)
                will-reset, fast          accepted: upload-helper needs no telling
          -e, --detach                    Start the bootloader of a device in run-time mode
          -E, --detach-delay SECONDS      How long its bootloader may take to appear
          -w, --wait                      Wait for the device
          -R, --reset                     Reset the USB bus at the end
          -t, --transfer-size BYTES       Accepted: the device's own size is used
          -v, --verbose   -V, --version   -h, --help
        """;

    /// <summary>Reads the arguments.</summary>
    /// <param name="tool">dfu-util, for errors.</param>
    /// <param name="arguments">The arguments behind its name.</param>
    /// <exception cref="UploadException"><see cref="UploadError.Usage"/>.</exception>
    public static DfuUtilCall Read(DropIn tool, IReadOnlyList<string> arguments)
    {
        var (options, words) = new GetOpt(tool, Rows).Read(arguments);
        if (words.Count > 0)
        {
            throw tool.Error($"Unexpected argument \"{words[0]}\".");
        }

        DfuUtilMode? mode = null;
        var call = new DfuUtilCall(DfuUtilMode.Download);
        foreach (var (letter, value) in options)
        {
            if (letter == 'h')
            {
                return new DfuUtilCall(DfuUtilMode.Help);
            }

            mode = letter switch
            {
                'D' or 'U' when mode is DfuUtilMode.Download or DfuUtilMode.Upload => throw tool.Error(
                    mode == DfuUtilMode.Download == (letter == 'D') ? $"-{letter} is given twice." : "-D and -U are both given: a file is either written to the board or read from it."),
                'D' => DfuUtilMode.Download,
                'U' => DfuUtilMode.Upload,
                'l' => DfuUtilMode.List,
                'e' => DfuUtilMode.Detach,
                'V' => DfuUtilMode.Version,
                _ => mode,
            };
            call = call.With(tool, letter, value);
        }

        if (mode is null && call.Dfuse is null)
        {
            throw tool.Error("Nothing to do: -D FILE (write to the board), -U FILE (read from it), -l or -e is missing.");
        }

        if (call is { File: not null, Dfuse.Unprotect: true })
        {
            throw tool.Error("\"unprotect\" and a file are both given, but the board restarts when its protection is removed. Use two commands.");
        }

        return call with { Mode = mode ?? DfuUtilMode.Download };
    }

    private DfuUtilCall With(DropIn tool, char letter, string value)
    {
        switch (letter)
        {
            case 'D' or 'U':
                return this with { File = value };
            case 'd':
                return WithIds(tool, value);
            case 'p':
                return this with { Path = value };
            case 'n':
                return this with { Number = Number32(tool, letter, value) };
            case 'c':
                return this with { Configuration = Number32(tool, letter, value) is var number and not 0 ? number : null };
            case 'i':
                return this with { Interface = Number32(tool, letter, value) };
            case 'a':
                return Numbers.TryParse(value, out var setting) ? this with { Alternate = (int)setting } : this with { AlternateName = value };
            case 'S':
                var serials = value.Split(',', 2);
                return this with { RuntimeSerial = NullIfEmpty(serials[0]), DfuModeSerial = NullIfEmpty(serials[^1]) };
            case 't':
                return this with { TransferSize = Number32(tool, letter, value) };
            case 'Z':
                return this with { UploadSize = Number32(tool, letter, value) };
            case 'E':
                return this with { DetachDelay = TimeSpan.FromSeconds(Math.Min(Number32(tool, letter, value), 3600)) };
            case 's':
                return this with { Dfuse = DfuseOptions.Read(tool, value) };
            case 'R':
                return this with { Reset = true };
            case 'w':
                return this with { Wait = true };
            case 'v':
                return this with { Verbose = true };
            default:
                return this;
        }
    }

    // What is missing behind the comma is taken from before it.
    private DfuUtilCall WithIds(DropIn tool, string value)
    {
        var sides = value.Split(',');
        var runtime = sides[0].Length == 0 && sides.Length > 1 ? IdPattern.None : IdPattern.Read(tool, sides[0], IdPattern.Any);
        return this with { Runtime = runtime, DfuMode = [.. sides.Skip(1).Select(s => IdPattern.Read(tool, s, runtime))] };
    }

    private static int Number32(DropIn tool, char letter, string value) => Numbers.TryParse(value, out var number) && number <= int.MaxValue
        ? (int)number
        : throw tool.Error($"Invalid value \"{value}\" for -{letter}. Expected a number.");

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}

/// <summary>USB ids of which either half may be any.</summary>
/// <param name="Vendor">idVendor; null for any.</param>
/// <param name="Product">idProduct; null for any.</param>
internal sealed record IdPattern(ushort? Vendor, ushort? Product)
{
    private bool _none;

    /// <summary>Every device.</summary>
    public static IdPattern Any { get; } = new(null, null);

    /// <summary>No device.</summary>
    public static IdPattern None { get; } = new(null, null) { _none = true };

    /// <summary>Whether a device has such ids.</summary>
    public bool Matches(UsbId id) => !_none && (Vendor is null || Vendor == id.Vendor) && (Product is null || Product == id.Product);

    /// <summary>Reads "VID:PID", hexadecimal; '*' is any, '-' none, and what is missing is taken from elsewhere.</summary>
    public static IdPattern Read(DropIn tool, string text, IdPattern otherwise)
    {
        var halves = text.Split(':');
        if (halves.Length > 2)
        {
            throw Invalid(tool, text);
        }

        return halves.Contains("-") ? None : new IdPattern(Half(tool, halves[0], text, otherwise.Vendor), Half(tool, halves.Length > 1 ? halves[1] : "", text, otherwise.Product));
    }

    /// <summary>For messages: "0483:DF11", with '*' for any.</summary>
    public override string ToString() => $"{Vendor?.ToString("X4", CultureInfo.InvariantCulture) ?? "*"}:{Product?.ToString("X4", CultureInfo.InvariantCulture) ?? "*"}";

    private static ushort? Half(DropIn tool, string text, string whole, ushort? otherwise)
    {
        var digits = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text[2..] : text;
        return text switch
        {
            "" => otherwise,
            "*" => null,
            _ => ushort.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var half) ? half : throw Invalid(tool, whole),
        };
    }

    private static UploadException Invalid(DropIn tool, string text) =>
        tool.Error($"Invalid value \"{text}\" for -d. Expected VID:PID in hexadecimal, for example 0483:df11.");
}

/// <summary>The value of -s: <c>[ADDRESS][:LENGTH][:MODIFIER]...</c>.</summary>
internal sealed record DfuseOptions
{
    /// <summary>Where a raw file is written to, or reading begins; null if it is not given.</summary>
    public uint? Address { get; private init; }

    /// <summary>Number of bytes to read; null if it is not given.</summary>
    public int? Length { get; private init; }

    /// <summary>Whether to override the checks that can be overridden.</summary>
    public bool Force { get; private init; }

    /// <summary>Whether to start the program afterwards.</summary>
    public bool Leave { get; private init; }

    /// <summary>Whether to erase the whole flash first.</summary>
    public bool MassErase { get; private init; }

    /// <summary>Whether to remove the read protection, and with it everything in the flash.</summary>
    public bool Unprotect { get; private init; }

    /// <summary>Whether the device resets by itself afterwards, as after a change of its option bytes.</summary>
    public bool WillReset { get; private init; }

    /// <summary>Reads the text.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Usage"/>.</exception>
    public static DfuseOptions Read(DropIn tool, string text)
    {
        var parts = text.Split(':');
        var options = new DfuseOptions
        {
            Address = parts[0].Length == 0 ? null
                : Numbers.TryParse(parts[0], out var address) ? address
                : throw tool.Error($"Invalid address \"{parts[0]}\" in -s {text}. Expected a number such as 0x08000000, and ':' before each modifier."),
        };
        foreach (var part in parts.Skip(1).Where(p => p.Length > 0))
        {
            options = part switch
            {
                "force" => options with { Force = true },
                "leave" => options with { Leave = true },
                "mass-erase" => options with { MassErase = true },
                "unprotect" => options with { Unprotect = true },
                "will-reset" => options with { WillReset = true },

                // dfu-util after 0.11: no waiting for the poll timeout. Known bootloaders are always polled as early as they allow.
                "fast" => options,
                _ when Numbers.TryParse(part, out var length) && length is > 0 and <= int.MaxValue => options with { Length = (int)length },
                _ => throw tool.Error($"Unknown modifier \"{part}\" in -s {text}. There are force, leave, mass-erase, unprotect, will-reset, fast, and a length in bytes."),
            };
        }

        if (options is { Force: false } and ({ MassErase: true } or { Unprotect: true }))
        {
            throw tool.Error($"\"{(options.Unprotect ? "unprotect" : "mass-erase")}\" erases the whole flash and needs \"force\" as well: -s {text}:force.");
        }

        return options;
    }
}

/// <summary>Numbers as C's strtoul with base 0 reads them: 0x hexadecimal, 0 octal, else decimal.</summary>
internal static class Numbers
{
    /// <summary>Reads a number of up to 32 bits.</summary>
    public static bool TryParse(string text, out uint number)
    {
        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            return uint.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number);
        }

        if (text is ['0', _, ..])
        {
            number = 0;
            foreach (var digit in text)
            {
                if (digit is < '0' or > '7' || number > uint.MaxValue >> 3)
                {
                    return false;
                }

                number = number << 3 | (uint)(digit - '0');
            }

            return true;
        }

        return uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
