using System.Globalization;
using Microsoft.Extensions.Configuration;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Protocols.DfuSe;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;

namespace UploadHelper.Configuration;

/// <summary>
/// The merged settings, with one parser per <see cref="OptionKind"/>. Values are text up to here: a binder would read
/// a timeout of "15" as 15 days.
/// </summary>
/// <param name="configuration">All layers; the last one that names a key wins.</param>
internal sealed class Settings(IConfiguration configuration)
{
    /// <summary>Separates several texts.</summary>
    public const char Separator = ',';

    /// <summary>What is wrong with the sources of the settings, though it does not stop the command.</summary>
    public IReadOnlyList<UploadWarning> Warnings { get; init; } = [];

    /// <summary>Names the source of a value, for example "the variable UPLOADHELPER_PORT"; null for the command line.</summary>
    public Func<string, string?> Origin { get; init; } = _ => null;

    /// <summary>Several texts; none if it is not set or empty.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: the value has separators only.</exception>
    public IReadOnlyList<string> Texts(string key) => Text(key) is not { } text ? []
        : text.Split(Separator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is { Length: > 0 } texts ? texts
        : throw Invalid(key, text, "one or more values, separated by commas");

    /// <summary>A text, or null if it is not set or empty.</summary>
    public string? Text(string key) => configuration[key] is { Length: > 0 } text ? text : null;

    /// <summary>A switch: true, false, yes, no, 1 or 0.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: the value is none of them.</exception>
    public bool Switch(string key) => Switch(key, OptionTable.Setting(key).Default == "true");

    /// <summary>A switch with a default other than the table's.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: the value is neither true nor false.</exception>
    public bool Switch(string key, bool otherwise)
    {
        return Text(key) is not { } text ? otherwise : Truth(text) ?? throw Invalid(key, text, "true or false");
    }

    /// <summary>The value of a switch that is not merged yet.</summary>
    /// <param name="name">The switch, as it is written.</param>
    /// <param name="text">Its value.</param>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: the value is neither true nor false.</exception>
    public static bool Truth(string name, string text) => Truth(text) ?? throw Invalid(name, text, "true or false", null);

    /// <summary>A time in seconds, above zero and at most an hour; null if it is not set and has no default.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: the value is no such time.</exception>
    public TimeSpan? Seconds(string key) => (Text(key) ?? OptionTable.Setting(key).Default) is { } text ? Seconds(key, text) : null;

    /// <summary>A time in seconds with a default other than the table's.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: the value is no such time.</exception>
    public TimeSpan Seconds(string key, TimeSpan otherwise) => Text(key) is { } text ? Seconds(key, text) : otherwise;

    /// <summary>An offset or address as an absolute address, or null if none is set.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.AddressInvalid"/>: the value is no address.</exception>
    public uint? Address(string key) => Text(key) is { } text ? FlashAddress.Parse(text) : null;

    /// <summary>A number from 0 to 255, or null if none is set.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: the value is no such number.</exception>
    public byte? Byte(string key) => Text(key) switch
    {
        null => null,
        var text when byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
        var text => throw Invalid(key, text, "a number from 0 to 255"),
    };

    /// <summary>A number of bytes above zero, or null if none is set.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: the value is no such number.</exception>
    public int? Size(string key) => Positive(key, "a number of bytes, for example 507904");

    /// <summary>A supply voltage, or null if none is set.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: the value is no supply voltage of these chips.</exception>
    public VoltageRange? Volts(string key) => Text(key) switch
    {
        null => null,
        var text when double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var volts)
            && volts is >= VoltageRange.Lowest and <= VoltageRange.Highest => new VoltageRange(volts),
        var text => throw Invalid(key, text, $"volts from {VoltageRange.Lowest} to {VoltageRange.Highest}, for example 3.3"),
    };

    /// <summary>A speed that the bootloader in ROM can measure.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: the value is no such number.</exception>
    public int BaudRate(string key)
    {
        var expected = $"a number from {UartOptions.LowestBaudRate} on, for example {UartOptions.DefaultBaudRate}";
        var rate = Positive(key, expected)!.Value;
        return rate >= UartOptions.LowestBaudRate ? rate : throw Invalid(key, Text(key)!, expected);
    }

    /// <summary>Pairs of USB ids, or null if none is set.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: the value is not a list of such pairs.</exception>
    public IReadOnlyList<UsbId>? Ids(string key) => Text(key) switch
    {
        null => null,
        var text when UsbId.TryParseList(text, out var ids) => ids,
        var text => throw Invalid(key, text, "VID:PID, for example 0483:df11, or several: 0483:df11,1eaf:0003"),
    };

    /// <summary>One of the words that the table allows, in lower case; the default if none is set.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: the value is none of them.</exception>
    public string? Word(string key)
    {
        var row = OptionTable.Setting(key);
        return Text(key) is not { } text
            ? row.Default
            : row.Words.FirstOrDefault(word => word.Equals(text, StringComparison.OrdinalIgnoreCase))
                ?? throw Invalid(key, text, $"one of {string.Join(", ", row.Words)}");
    }

    /// <summary>Several of the words that the table allows, in lower case.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: a value is none of them.</exception>
    public IReadOnlyList<string> Words(string key)
    {
        var words = OptionTable.Setting(key).Words;
        return [.. Texts(key).Select(text =>
            words.FirstOrDefault(word => word.Equals(text, StringComparison.OrdinalIgnoreCase))
                ?? throw Invalid(key, text, $"one or more of {string.Join(", ", words)}"))];
    }

    /// <summary>The processor of the chip that an image is for, or null if none is set.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: no such chip is known.</exception>
    public Processor? Processor() => Word(SettingKeys.Chip) is { } chip ? ChipNames.ProcessorOf(chip) : null;

    private static bool? Truth(string text) => text.ToLowerInvariant() switch
    {
        "true" or "yes" or "1" => true,
        "false" or "no" or "0" => false,
        _ => null,
    };

    private int? Positive(string key, string expected) => (Text(key) ?? OptionTable.Setting(key).Default) switch
    {
        null => null,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 => number,
        var text => throw Invalid(key, text, expected),
    };

    private TimeSpan Seconds(string key, string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and <= 3600
            ? TimeSpan.FromSeconds(seconds)
            : throw Invalid(key, text, "a number of seconds up to 3600, for example 15");

    private UploadException Invalid(string key, string text, string expected) => Invalid(key, text, expected, Origin(key));

    private static UploadException Invalid(string key, string text, string expected, string? origin) => new(
        UploadError.Configuration,
        $"Invalid value \"{text}\" for --{key}. Expected {expected}.",
        origin is null ? $"Correct the value and {Again.Clause}." : $"The value comes from {origin}. Correct it there, or give --{key} on the command line.");
}

/// <summary>Reads from the settings which board to use and how to reach it.</summary>
internal static class BoardSettings
{
    /// <summary>The bootloader that the settings name.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>.</exception>
    public static BootloaderRequest Request(Settings settings) => new(Filter(settings))
    {
        Port = settings.Text(SettingKeys.Port) is { } port ? Port(port) : null,
        Alternate = settings.Byte(SettingKeys.Alternate),
        Timeout = settings.Seconds(SettingKeys.Timeout)!.Value,
        StrictPolling = settings.Switch(SettingKeys.StrictPolling),
        Detach = settings.Switch(SettingKeys.Detach),
        SupplyVoltage = settings.Volts(SettingKeys.SupplyVoltage),
        Uart = settings.Switch(SettingKeys.Uart) ? Uart(settings) : null,
    };

    /// <summary>The place of the only board that a command works on, or null for any place.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Usage"/>: there is more than one.</exception>
    public static string? OnePath(Settings settings) => settings.Texts(SettingKeys.UsbPath) switch
    {
        [] => null,
        [var path] => path,
        _ => throw new UploadException(UploadError.Usage, "Only upload works on several boards at once.", "Give --usb-path once."),
    };

    // Where the board is in software, its adapter is the port.
    private static UartOptions Uart(Settings settings)
    {
        if (settings.Text(SettingKeys.Port) is null && settings.Text(SettingKeys.Simulate) is null)
        {
            throw new UploadException(UploadError.Usage, "--uart needs the port of the serial adapter.", "Give it with --port, for example --port /dev/ttyUSB0 or --port COM5.");
        }

        try
        {
            return new UartOptions(settings.BaudRate(SettingKeys.BaudRate), ResetSequence.Parse(settings.Text(SettingKeys.ResetSequence) ?? ""));
        }
        catch (FormatException e)
        {
            throw new UploadException(UploadError.Configuration, e.Message, "For example: --reset-sequence nrst=dtr,boot0=-rts", e);
        }
    }

    /// <summary>The name under which a port is listed; a udev link (/dev/serial/by-id/...) is another name for it.</summary>
    public static string Port(string name) =>
        Path.IsPathRooted(name) && File.Exists(name) ? File.ResolveLinkTarget(name, returnFinalTarget: true)?.FullName ?? name : name;

    // An upload to several boards handles their places itself.
    private static DeviceFilter Filter(Settings settings) => new(
        settings.Ids(SettingKeys.UsbId) ?? DeviceFilter.KnownIds,
        settings.Texts(SettingKeys.UsbPath) is [var path] ? path : null,
        settings.Text(SettingKeys.Serial));
}

/// <summary>The keys of the settings: the names of the options in <see cref="OptionTable"/>.</summary>
internal static class SettingKeys
{
    public const string Board = "board";
    public const string Hardware = "hardware";
    public const string Port = "port";
    public const string Offset = "offset";
    public const string UsbId = "usb-id";
    public const string Alternate = "alt";
    public const string Chip = "chip";
    public const string MaximumSize = "maximum-size";
    public const string AllBoards = "all";
    public const string UsbPath = "usb-path";
    public const string Serial = "serial";
    public const string Verify = "verify";
    public const string Full = "full";
    public const string EraseAll = "erase-all";
    public const string Force = "force";
    public const string StrictPolling = "strict-polling";
    public const string SupplyVoltage = "supply-voltage";
    public const string Leave = "leave";
    public const string WaitPort = "wait-port";
    public const string Detach = "detach";
    public const string Timeout = "timeout";
    public const string Uart = "uart";
    public const string BaudRate = "baud-rate";
    public const string ResetSequence = "reset-sequence";
    public const string Simulate = "simulate";
    public const string UsbIp = "usbip";
    public const string Config = "config";
    public const string Json = "json";
    public const string Verbose = "verbose";
    public const string Quiet = "quiet";
    public const string Color = "color";
    public const string Trace = "trace";
    public const string Yes = "yes";
    public const string WriteOnly = "write-only";
    public const string UdevRules = "udev-rules";
    public const string Listen = "listen";
    public const string Plug = "plug";
    public const string Pty = "pty";
    public const string For = "for";
}

/// <summary>
/// The names under which settings are written, the same in a file, in the environment and on the command line: their
/// keys, the negative names of switches, and aliases.
/// </summary>
internal static class SettingNames
{
    /// <summary>What makes a switch's name negative.</summary>
    public const string Negation = "no-";

    /// <summary>All names.</summary>
    public static IReadOnlyList<string> All { get; } = Names(OptionSources.File);

    /// <summary>The names that a board's entry may have.</summary>
    public static IReadOnlyList<string> OfBoards { get; } = Names(OptionSources.BoardEntry);

    /// <summary>The key of a name, and what its value says of that key: "no-verify" is "verify" with the opposite value.</summary>
    /// <param name="name">One of <see cref="All"/>, in any case.</param>
    /// <param name="value">Its value.</param>
    /// <exception cref="Core.Errors.UploadException">A negative name's value is neither true nor false.</exception>
    public static (string Key, string? Value) Read(string name, string? value)
    {
        var row = OptionTable.Rows.First(r => r.IsSetting && r.Names.Contains(name, StringComparer.OrdinalIgnoreCase));
        var isNegative = row.NegativeHelp is not null && name.StartsWith(Negation, StringComparison.OrdinalIgnoreCase);
        return (row.Name, isNegative && !string.IsNullOrEmpty(value) ? Opposite(name, value) : value);
    }

    private static string Opposite(string name, string value) => Settings.Truth(name, value) ? "false" : "true";

    private static string[] Names(OptionSources source) =>
        [.. OptionTable.Rows.Where(r => r.Sources.HasFlag(source)).SelectMany(r => r.Names)];
}

/// <summary>Finds the word that was probably meant by a misspelt one.</summary>
internal static class Spelling
{
    /// <summary>The nearest of some words, or null if none is near: at most one letter in three is wrong, missing, too much or swapped.</summary>
    public static string? Nearest(string word, IEnumerable<string> words) => words
        .Select(w => (Word: w, Distance: Distance(word.ToLowerInvariant(), w)))
        .Where(w => w.Distance <= Math.Max(1, word.Length / 3))
        .OrderBy(w => w.Distance)
        .Select(w => w.Word)
        .FirstOrDefault();

    /// <summary>The nearest word, as a question to append to a sentence; empty if none is near.</summary>
    /// <param name="word">The misspelt word.</param>
    /// <param name="words">Those that there are.</param>
    /// <param name="written">How one of them is written.</param>
    public static string Question(string word, IEnumerable<string> words, Func<string, string> written) =>
        Nearest(word, words) is { } meant ? $" Did you mean {written(meant)}?" : "";

    // Levenshtein distance, with two swapped neighbours as one mistake.
    private static int Distance(string a, string b)
    {
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                rows[i, j] = i == 0 || j == 0
                    ? i + j
                    : Math.Min(rows[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1), 1 + Math.Min(rows[i - 1, j], rows[i, j - 1]));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
                }
            }
        }

        return rows[a.Length, b.Length];
    }
}
