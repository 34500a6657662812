using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace UploadHelper.Core.Arduino;

/// <summary>
/// Keys and values of boards.txt, platform.txt and their local files, in the order of the file. Read as the Arduino
/// IDE 1.8 (PreferencesMap) and arduino-cli (go-properties-orderedmap) read them; there is no directive to include
/// another file.
/// </summary>
public sealed class ArduinoProperties
{
    private const int Rounds = 10;
    private const int LongestExpansion = 32_768;
    private static readonly (string Suffix, ArduinoSystem System)[] Suffixes =
        [(".linux", ArduinoSystem.Linux), (".windows", ArduinoSystem.Windows), (".macosx", ArduinoSystem.MacOsX)];

    private readonly List<string> _keys = [];
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <summary>The keys, each once, in the order of the file.</summary>
    public IReadOnlyList<string> Keys => _keys;

    /// <summary>The value of a key as it stands, or null if the key is not there.</summary>
    public string? this[string key] => _values.GetValueOrDefault(key);

    /// <summary>
    /// Reads a file's text. Lines without "=" and comments are passed over. A key with the suffix of a system counts
    /// there only, without the suffix, in place of the same key before it.
    /// </summary>
    /// <param name="text">The file.</param>
    /// <param name="system">Whose suffix counts.</param>
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

    /// <summary>These, with others laid over them: a value of the others wins, at the place of the first.</summary>
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

    /// <summary>What is below a key: "x.name" is "name" below "x".</summary>
    public ArduinoProperties Below(string parent)
    {
        var prefix = parent + ".";
        return Where(k => k.StartsWith(prefix, StringComparison.Ordinal), prefix.Length);
    }

    /// <summary>All but what is below a key.</summary>
    public ArduinoProperties Without(string parent)
    {
        var prefix = parent + ".";
        return Where(k => !k.StartsWith(prefix, StringComparison.Ordinal), 0);
    }

    /// <summary>The first parts of all keys, each once, in the order of the file.</summary>
    public IEnumerable<string> FirstLevel() => _keys.Select(k => k.Split('.', 2)[0]).Distinct(StringComparer.Ordinal);

    /// <summary>
    /// Splits by the first part of the keys, in one pass; keys without a dot are left out. What has many boards is read
    /// many times faster so than by <see cref="Below"/> for each.
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

    /// <summary>The value of a key with every {key} in it replaced, or null if the key is not there.</summary>
    public string? Expanded(string key) => this[key] is { } value ? Expand(value) : null;

    /// <summary>Replaces every {key} that is known, up to ten times, as values hold keys in turn. Others stay as they stand.</summary>
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
