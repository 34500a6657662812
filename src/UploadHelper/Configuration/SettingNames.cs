namespace UploadHelper.Configuration;

/// <summary>The keys of the settings: the names of the options in <see cref="OptionTable"/>.</summary>
internal static class SettingKeys
{
    public const string Board = "board";
    public const string Hardware = "hardware";
    public const string Port = "port";
    public const string Offset = "offset";
    public const string UsbId = "usb-id";
    public const string Alternate = "alt";
    public const string MaximumSize = "maximum-size";
    public const string AllBoards = "all";
    public const string UsbPath = "usb-path";
    public const string Serial = "serial";
    public const string Verify = "verify";
    public const string Full = "full";
    public const string StrictPolling = "strict-polling";
    public const string Leave = "leave";
    public const string WaitPort = "wait-port";
    public const string Timeout = "timeout";
    public const string Simulate = "simulate";
    public const string UsbIp = "usbip";
    public const string Config = "config";
    public const string Json = "json";
    public const string Verbose = "verbose";
    public const string Quiet = "quiet";
    public const string Color = "color";
    public const string Trace = "trace";
    public const string Yes = "yes";
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
