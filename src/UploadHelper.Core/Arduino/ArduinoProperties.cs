using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace UploadHelper.Core.Arduino;

/// <summary>
/// Keys and values of boards.txt, platform.txt and their local files, in the order of the file. They are read in the same
/// way as by Arduino IDE 1.8 (PreferencesMap) and arduino-cli (go-properties-orderedmap). A file cannot include another.
/// </summary>
public sealed class ArduinoProperties
{
    /// <summary>The largest file that is read, in bytes: 16 MiB. The largest boards.txt of a known core has about 1 MiB.</summary>
    public const int LargestFile = 16 << 20;

    private const int Rounds = 10;
    private const int LongestExpansion = 32_768;
    private static readonly (string Suffix, ArduinoSystem System)[] Suffixes =
        [(".linux", ArduinoSystem.Linux), (".windows", ArduinoSystem.Windows), (".macosx", ArduinoSystem.MacOsX)];

    private readonly List<string> _keys = [];
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <summary>All keys, without duplicates, in the order of the file.</summary>
    public IReadOnlyList<string> Keys => _keys;

    /// <summary>The value of a key, not expanded; null if there is no such key.</summary>
    public string? this[string key] => _values.GetValueOrDefault(key);

    /// <summary>
    /// Reads the text of a file. Comments and lines without "=" are ignored. A key with the suffix of an operating system
    /// applies only there; it overrides an earlier key of the same name without the suffix.
    /// </summary>
    /// <param name="text">The text of the file.</param>
    /// <param name="system">The system whose suffix applies.</param>
    public static ArduinoProperties Parse(string text, ArduinoSystem system)
    {
        var properties = new ArduinoProperties();
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            var trimmed = line.Trim();
            var equals = trimmed.IndexOf('=');
            if (equals > 0 && trimmed[0] != '#' && TryKey(trimmed[..equals].TrimEnd().ToString(), system, out var key))
            {
                properties.Set(key, trimmed[(equals + 1)..].TrimStart().ToString());
            }
        }

        return properties;
    }

    /// <summary>These properties, overridden by others. A key that both have keeps its place and takes the value of the others.</summary>
    public ArduinoProperties With(ArduinoProperties others)
    {
        var result = new ArduinoProperties();
        foreach (var source in (ReadOnlySpan<ArduinoProperties>)[this, others])
        {
            foreach (var key in source._keys)
            {
                result.Set(key, source._values[key]);
            }
        }

        return result;
    }

    /// <summary>All properties below a key, without the prefix: "x.name" becomes "name" below "x".</summary>
    public ArduinoProperties Below(string parent)
    {
        var prefix = parent + ".";
        return Where(k => k.StartsWith(prefix, StringComparison.Ordinal), prefix.Length);
    }

    /// <summary>All properties except those below a key.</summary>
    public ArduinoProperties Without(string parent)
    {
        var prefix = parent + ".";
        return Where(k => !k.StartsWith(prefix, StringComparison.Ordinal), 0);
    }

    /// <summary>The first part of every key, without duplicates, in the order of the file.</summary>
    public IEnumerable<string> FirstLevel() => _keys.Select(k => k.Split('.', 2)[0]).Distinct(StringComparer.Ordinal);

    /// <summary>
    /// Splits the properties by the first part of their keys, in one pass; keys without a dot are omitted. For a file with
    /// many boards this is much faster than <see cref="Below"/> for each board.
    /// </summary>
    public IReadOnlyDictionary<string, ArduinoProperties> Branches()
    {
        var branches = new Dictionary<string, ArduinoProperties>(StringComparer.Ordinal);
        foreach (var key in _keys)
        {
            if (key.Split('.', 2) is [var first, var rest])
            {
                if (!branches.TryGetValue(first, out var branch))
                {
                    branches[first] = branch = new ArduinoProperties();
                }

                branch.Set(rest, _values[key]);
            }
        }

        return branches;
    }

    /// <summary>The value of a key with every {key} in it replaced; null if there is no such key.</summary>
    public string? Expanded(string key) => this[key] is { } value ? Expand(value) : null;

    /// <summary>Replaces every known {key}. Values can contain keys in turn, so this repeats up to ten times. Unknown keys are left as they are.</summary>
    public string Expand(string text)
    {
        for (var round = 0; round < Rounds && text.Length < LongestExpansion; round++)
        {
            var expanded = ExpandOnce(text);
            if (expanded == text)
            {
                break;
            }

            text = expanded;
        }

        return text;
    }

    private ArduinoProperties Where(Func<string, bool> wanted, int cut)
    {
        var result = new ArduinoProperties();
        foreach (var key in _keys.Where(wanted))
        {
            result.Set(key[cut..], _values[key]);
        }

        return result;
    }

    private string ExpandOnce(string text)
    {
        var result = new StringBuilder();
        for (var at = 0; at < text.Length;)
        {
            var end = text[at] == '{' ? text.AsSpan(at + 1).IndexOfAny('{', '}') : -1;
            if (end >= 0 && text[at + 1 + end] == '}' && result.Length < LongestExpansion && _values.TryGetValue(text.Substring(at + 1, end), out var value))
            {
                result.Append(value);
                at += end + 2;
            }
            else
            {
                result.Append(text[at++]);
            }
        }

        return result.ToString();
    }

    private void Set(string key, string value)
    {
        if (!_values.ContainsKey(key))
        {
            _keys.Add(key);
        }

        _values[key] = value;
    }

    private static bool TryKey(string written, ArduinoSystem system, [NotNullWhen(true)] out string? key)
    {
        foreach (var (suffix, owner) in Suffixes)
        {
            if (written.EndsWith(suffix, StringComparison.Ordinal))
            {
                key = owner == system ? written[..^suffix.Length] : null;
                return key is not null;
            }
        }

        key = written;
        return true;
    }
}
