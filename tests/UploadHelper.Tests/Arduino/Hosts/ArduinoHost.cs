namespace UploadHelper.Tests.Arduino.Hosts;

/// <summary>What the user chose before pressing Upload.</summary>
internal sealed record Click(string Board, IReadOnlyDictionary<string, string> Options, string? Port)
{
    public bool Verbose { get; init; }

    public bool Verify { get; init; } = true;

    public string BuildPath { get; init; } = "/tmp/my build";

    public string ProjectName { get; init; } = "Blink.ino";

    /// <summary>Protocol of the port; the discovery's ports have "dfu".</summary>
    public string Protocol { get; init; } = "serial";

    /// <summary>What the discovery says of the port.</summary>
    public IReadOnlyDictionary<string, string> PortProperties { get; init; } = new Dictionary<string, string>();
}

/// <summary>The host would not start the tool.</summary>
internal sealed class HostRefusal(string message) : Exception(message);

/// <summary>
/// A program that expands a core's upload recipe. Sources: arduino/Arduino (1.8) PreferencesMap, StringReplacer,
/// SerialUploader; arduino/arduino-cli service_upload.go, loader.go, board.go and go-properties-orderedmap.
/// </summary>
internal abstract class ArduinoHost(string system)
{
    /// <summary>The arguments with which the tool is started; the first is the tool.</summary>
    /// <exception cref="HostRefusal">It is not started.</exception>
    public abstract string[] Upload(string core, Click click);

    /// <summary>What its environment holds for the tool.</summary>
    public abstract IReadOnlyDictionary<string, string> Environment { get; }

    protected string System => system;

    /// <summary>Reads a line's key as this host does, or returns null if it does not count here.</summary>
    protected abstract string? Key(string written);

    protected PropertyMap Load(string core, string name)
    {
        var map = new PropertyMap();
        foreach (var file in new[] { $"{name}.txt", $"{name}.local.txt" }.Select(f => Path.Combine(core, f)).Where(File.Exists))
        {
            foreach (var line in File.ReadAllLines(file).Select(l => l.Trim()).Where(l => l.Length > 0 && l[0] != '#'))
            {
                var equals = line.IndexOf('=', StringComparison.Ordinal);
                if (Key(line[..equals].Trim()) is { } key)
                {
                    map[key] = line[(equals + 1)..].Trim();
                }
            }
        }

        return map;
    }

    /// <summary>Splits at spaces; a quote counts as the first character of a part, and ends at a part's last. Empty arguments are dropped.</summary>
    protected static string[] Split(string line)
    {
        var arguments = new List<string>();
        var quote = '\0';
        var quoted = "";
        foreach (var written in line.Split(' '))
        {
            var part = written;
            if (quote == '\0')
            {
                if (part.Length == 0 || part[0] is not ('"' or '\''))
                {
                    Add(part);
                    continue;
                }

                (quote, quoted, part) = (part[0], "", part[1..]);
            }

            if (part.EndsWith(quote))
            {
                Add(quoted + part[..^1]);
                quote = '\0';
            }
            else
            {
                quoted += part + " ";
            }
        }

        return quote == '\0' ? [.. arguments] : throw new HostRefusal("Invalid quoting");

        void Add(string argument)
        {
            if (argument.Trim().Length > 0)
            {
                arguments.Add(argument);
            }
        }
    }

    /// <summary>Whether an expansion needs a key that is not there.</summary>
    protected static bool Misses(PropertyMap properties, string recipe, string key)
    {
        const string Tag = "7c7f0c0e";
        var with = new PropertyMap();
        with.Merge(properties);
        with[key] = Tag;
        return with.Expand(recipe).Contains(Tag, StringComparison.Ordinal);
    }
}
