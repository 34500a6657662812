using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using UploadHelper.Devices.Windows;

namespace UploadHelper.Tests.Support;

/// <summary>A registry as the Registry Editor exports it (version 5.00): texts, and lists of texts as hex(7).</summary>
internal sealed class RegistryText : IRegistryView
{
    private const string Hive = @"HKEY_LOCAL_MACHINE\";
    private readonly Dictionary<string, Dictionary<string, object>> _keys = new(StringComparer.OrdinalIgnoreCase);

    public RegistryText(string text)
    {
        Dictionary<string, object> values = [];
        foreach (var line in text.ReplaceLineEndings("\n").Replace("\\\n", "", StringComparison.Ordinal).Split('\n'))
        {
            if (line.StartsWith('['))
            {
                _keys[line.Trim('[', ']')[Hive.Length..]] = values = new(StringComparer.OrdinalIgnoreCase);
            }
            else if (Regex.Match(line, "^\"(.+?)\"=(?:\"(.*)\"|hex\\(7\\):(.*))$") is { Success: true, Groups: var groups })
            {
                values[groups[1].Value] = groups[3].Success ? List(groups[3].Value) : groups[2].Value.Replace(@"\\", @"\", StringComparison.Ordinal);
            }
        }
    }

    public IReadOnlyList<string> SubKeys(string key) => [.. _keys.Keys
        .Where(k => k.StartsWith(key + @"\", StringComparison.OrdinalIgnoreCase))
        .Select(k => k[(key.Length + 1)..].Split('\\')[0])
        .Distinct()];

    public IReadOnlyList<string> ValueNames(string key) => _keys.TryGetValue(key, out var values) ? [.. values.Keys] : [];

    public string? Text(string key, string name) => Value(key, name) as string;

    public IReadOnlyList<string> Texts(string key, string name) => Value(key, name) as string[] ?? [];

    private object? Value(string key, string name) => _keys.TryGetValue(key, out var values) && values.TryGetValue(name, out var value) ? value : null;

    private static string[] List(string hex)
    {
        var bytes = hex.Split(',', StringSplitOptions.TrimEntries).Select(b => byte.Parse(b, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)).ToArray();
        return Encoding.Unicode.GetString(bytes).Split('\0', StringSplitOptions.RemoveEmptyEntries);
    }
}
