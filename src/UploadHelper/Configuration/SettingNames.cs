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

    /// <summary>The nearest as a question behind a sentence; empty if none is near.</summary>
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
