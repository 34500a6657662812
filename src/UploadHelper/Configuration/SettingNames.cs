using UploadHelper.Core.Errors;

namespace UploadHelper.Configuration;

/// <summary>
/// The names under which settings are written, the same in a file, in the environment and on the command line: their
/// keys, the negative names of switches, and other names.
/// </summary>
internal static class SettingNames
{
    private const string Negation = "no-";

    private static readonly string[] Negatable = [SettingKeys.Verify, SettingKeys.Full, SettingKeys.StrictPolling, SettingKeys.Leave];

    private static readonly Dictionary<string, string> Others = new(StringComparer.OrdinalIgnoreCase) { ["address"] = SettingKeys.Offset };

    /// <summary>All names.</summary>
    public static IReadOnlyList<string> All { get; } = [.. SettingKeys.All, .. Negatable.Select(key => Negation + key), .. Others.Keys];

    /// <summary>The names that a board's entry may have: it is chosen by the others.</summary>
    public static IReadOnlyList<string> OfBoards { get; } = [.. All.Except([SettingKeys.Board, SettingKeys.Hardware])];

    /// <summary>The key of a name, and what its value says of that key: "no-verify" is "verify" with the opposite.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: a negative name's value is neither true nor false.</exception>
    public static (string Key, string? Value) Read(string name, string? value)
    {
        if (Others.TryGetValue(name, out var key))
        {
            return (key, value);
        }

        return name.StartsWith(Negation, StringComparison.OrdinalIgnoreCase) ? (name[Negation.Length..], Opposite(name, value)) : (name, value);
    }

    private static string? Opposite(string name, string? value) =>
        string.IsNullOrEmpty(value) ? value : Settings.Truth(name, value) ? "false" : "true";
}
