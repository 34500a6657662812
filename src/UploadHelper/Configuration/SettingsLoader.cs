using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using UploadHelper.Configuration.Arduino;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;

namespace UploadHelper.Configuration;

/// <summary>
/// Merges the layers of settings; later wins: the configuration file, the board (an entry in that file, or one of an
/// Arduino core), the environment (UPLOADHELPER_*), the command line.
/// </summary>
internal static class SettingsLoader
{
    /// <summary>Merges the layers.</summary>
    /// <param name="typed">What was really typed: keys of settings, and their values.</param>
    /// <param name="file">The configuration file from the command line; null for the environment's, or the one beside the executable if there is one.</param>
    /// <param name="environment">The variables of the process.</param>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>.</exception>
    public static Settings Load(
        IReadOnlyDictionary<string, string?> typed, string? file, IReadOnlyDictionary<string, string> environment)
    {
        var variables = new EnvironmentSettings(environment);
        var fromEnvironment = variables.Read();
        var fromFile = File(file, environment.GetValueOrDefault(EnvironmentSettings.File));
        string? Merged(string key) =>
            typed.GetValueOrDefault(key) ?? fromEnvironment.GetValueOrDefault(key) ?? fromFile.Settings.GetValueOrDefault(key);
        var board = Merged(SettingKeys.Board);
        var fromBoard = new ConfigurationBuilder().Add(Board(fromFile, board, Merged(SettingKeys.Hardware))).Build();
        string? Origin(string key) => true switch
        {
            _ when typed.GetValueOrDefault(key) is not null => null,
            _ when fromEnvironment.ContainsKey(key) => $"the variable {variables.NameOf(key)}",
            _ when fromBoard[key] is not null => $"the board \"{board}\"",
            _ when fromFile.Settings.ContainsKey(key) => fromFile.Path,
            _ => null,
        };
        return new Settings(new ConfigurationBuilder()
            .AddInMemoryCollection(fromFile.Settings)
            .AddConfiguration(fromBoard)
            .AddInMemoryCollection(fromEnvironment)
            .AddInMemoryCollection(typed)
            .Build())
        {
            Warnings = variables.Warnings(),
            Origin = Origin,
        };
    }

    private static SettingsFile File(string? typed, string? variable)
    {
        var (file, source) = typed is null && variable is { Length: > 0 } ? (variable, EnvironmentSettings.File) : (typed, "--config");
        var path = file ?? Path.Combine(AppContext.BaseDirectory, SettingsFile.Name);
        if (System.IO.File.Exists(path))
        {
            return SettingsFile.Read(path);
        }

        return file is null
            ? SettingsFile.Empty
            : throw new UploadException(UploadError.Configuration, $"Configuration file {file} not found.", BoundedFile.Missing(file, $"Check {source}."));
    }

    private static IConfigurationSource Board(SettingsFile file, string? name, string? hardware) =>
        name is { Length: > 0 } && BoardName.Parse(name, System.IO.File.Exists) is { } board
            ? new ArduinoBoardSource(board, hardware)
            : new MemoryConfigurationSource { InitialData = string.IsNullOrEmpty(name) ? null : file.Board(name) };
}

/// <summary>Settings from one place, each given once.</summary>
/// <param name="place">The place in words.</param>
internal sealed class SettingLayer(string place)
{
    private readonly Dictionary<string, string?> _values = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The values by their keys.</summary>
    public IReadOnlyDictionary<string, string?> Values => _values;

    /// <summary>Adds one.</summary>
    /// <param name="name">One of its names.</param>
    /// <param name="value">Its value; null or empty sets nothing.</param>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: it is set under another name too.</exception>
    public void Add(string name, string? value)
    {
        var (key, meaning) = SettingNames.Read(name, value);
        if (!string.IsNullOrEmpty(meaning) && !_values.TryAdd(key, meaning))
        {
            throw new UploadException(
                UploadError.Configuration, $"{place} sets \"{key}\" twice, under two names.", "Remove one of them.");
        }
    }
}

/// <summary>The settings in the environment: UPLOADHELPER_USB_ID is usb-id, since names of variables have no dashes.</summary>
/// <param name="environment">The variables of the process.</param>
internal sealed class EnvironmentSettings(IReadOnlyDictionary<string, string> environment)
{
    private const string Prefix = "UPLOADHELPER_";

    /// <summary>The variable that names the configuration file.</summary>
    public const string File = Prefix + "CONFIG";

    /// <summary>The settings.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>.</exception>
    public IReadOnlyDictionary<string, string?> Read()
    {
        var layer = new SettingLayer("The environment");
        foreach (var (name, value) in Ours().Where(v => IsKnown(v.Key)))
        {
            layer.Add(Setting(name), value);
        }

        return layer.Values;
    }

    /// <summary>Warns of variables that are no settings. No more: an environment is shared by versions, and another may know them.</summary>
    public IReadOnlyList<UploadWarning> Warnings() =>
    [
        .. Ours().Where(v => !IsFile(v.Key) && !IsKnown(v.Key)).OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => new UploadWarning(
            WarningCode.UnknownVariable,
            $"Unknown environment variable {v.Key}; it has no effect." + Spelling.Question(Setting(v.Key), [.. SettingNames.All, Setting(File)], Variable),
            "Variables are named like options: UPLOADHELPER_NO_VERIFY is --no-verify.")),
    ];

    /// <summary>The variable that sets a key.</summary>
    public string NameOf(string key) => Ours().First(v => IsKnown(v.Key) && SettingNames.Read(Setting(v.Key), "") is var (name, _) && name == key).Key;

    private static string Setting(string variable) => variable[Prefix.Length..].Replace('_', '-').ToLowerInvariant();

    private static string Variable(string setting) => Prefix + setting.Replace('-', '_').ToUpperInvariant();

    private static bool IsFile(string name) => name.Equals(File, StringComparison.OrdinalIgnoreCase);

    private static bool IsKnown(string name) => SettingNames.All.Contains(Setting(name), StringComparer.Ordinal);

    private IEnumerable<KeyValuePair<string, string>> Ours() => environment.Where(v => v.Key.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase));
}

/// <summary>A configuration file, of which every word is known to mean something.</summary>
/// <param name="path">Its path, for messages.</param>
/// <param name="settings">Its settings.</param>
/// <param name="boards">Those of its boards, by their names.</param>
internal sealed class SettingsFile(
    string path, IReadOnlyDictionary<string, string?> settings, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string?>> boards)
{
    private const string BoardsName = "boards";

    // A setting takes some 30 bytes; the largest boards.txt describes 500 boards in 1 MiB.
    private const int LargestFile = 1 << 20;

    /// <summary>Name of the configuration file beside the executable; the working directory is never searched.</summary>
    public const string Name = "upload-helper.json";

    /// <summary>Takes the place of a missing file.</summary>
    public static SettingsFile Empty { get; } = new("", new Dictionary<string, string?>(), new Dictionary<string, IReadOnlyDictionary<string, string?>>());

    /// <summary>Its path, for messages.</summary>
    public string Path => path;

    /// <summary>The names of its boards.</summary>
    public IEnumerable<string> Boards => boards.Keys;

    /// <summary>The settings outside of any board.</summary>
    public IReadOnlyDictionary<string, string?> Settings => settings;

    /// <summary>Reads a file.</summary>
    /// <exception cref="UploadException">
    /// <see cref="UploadError.Configuration"/>: it cannot be read, is not JSON, is larger than 1 MiB, or contains something that is not a setting.
    /// </exception>
    public static SettingsFile Read(string path)
    {
        try
        {
            return Of(path, BoundedFile.Read(path, LargestFile));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UploadException(UploadError.Configuration, $"Cannot read the configuration file {path}: {e.Message}", "Check the path and its permissions.", e);
        }
    }

    /// <summary>The settings in the content of a file.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: it is not JSON, or contains something that is not a setting.</exception>
    public static SettingsFile Of(string path, ReadOnlyMemory<byte> content)
    {
        var (boards, settings) = (new Dictionary<string, IReadOnlyDictionary<string, string?>>(StringComparer.OrdinalIgnoreCase), new SettingLayer(path));
        foreach (var section in Parsed(path, content).GetChildren())
        {
            if (!section.Key.Equals(BoardsName, StringComparison.OrdinalIgnoreCase))
            {
                Add(settings, section, SettingNames.All, path, "");
                continue;
            }

            foreach (var board in Object(section, path, "").GetChildren())
            {
                var (layer, place) = (new SettingLayer(path), $" of the board \"{board.Key}\"");
                foreach (var own in Object(board, path, " under \"boards\"").GetChildren())
                {
                    Add(layer, own, SettingNames.OfBoards, path, place);
                }

                boards.Add(board.Key, layer.Values);
            }
        }

        return new SettingsFile(path, settings.Values, boards);
    }

    /// <summary>The settings of a board.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: there is no such board.</exception>
    public IReadOnlyDictionary<string, string?> Board(string name) => boards.TryGetValue(name, out var board) ? board : throw new UploadException(
        UploadError.Configuration,
        $"There is no board \"{name}\" in the configuration file.",
        boards.Count == 0 ? $"Add it under \"{BoardsName}\" in {Name}." : $"It has: {string.Join(", ", boards.Keys)}.");

    private static IConfiguration Parsed(string path, ReadOnlyMemory<byte> content)
    {
        try
        {
            return JsonSettings.Read(content);
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException)
        {
            throw new UploadException(UploadError.Configuration, $"{path} is not valid JSON: {Cause(e)}", "Correct the file. Its format is JSON.", e);
        }
    }

    // The innermost exception has the cause and the line; its own text repeats line and path for programmers.
    private static string Cause(Exception e) => e switch
    {
        JsonException { LineNumber: { } line } json => $"line {line + 1}: {json.Message.Split(" Path: ")[0].Split(" LineNumber: ")[0]}",
        { InnerException: { } inner } => Cause(inner),
        _ => e.Message,
    };

    private static void Add(SettingLayer layer, IConfigurationSection section, IReadOnlyList<string> names, string path, string place)
    {
        if (!names.Contains(section.Key, StringComparer.OrdinalIgnoreCase))
        {
            throw new UploadException(
                UploadError.Configuration,
                $"\"{section.Key}\"{place} in {path} is not a setting." + Spelling.Question(section.Key, names, name => $"\"{name}\""),
                "Settings are named like options. For a list, run: upload-helper upload --help");
        }

        if (section.GetChildren().Any())
        {
            throw Misshapen(
                section, path, place, "a single value is needed",
                section.Key switch
                {
                    SettingKeys.UsbPath => "Write several places as one text: \"1-1,1-2\".",
                    SettingKeys.UsbId => "Write several ids as one text: \"0483:df11,1eaf:0003\".",
                    var key => $"Write it as \"{key}\": \"...\".",
                });
        }

        layer.Add(section.Key, section.Value);
    }

    private static IConfigurationSection Object(IConfigurationSection section, string path, string place) =>
        string.IsNullOrEmpty(section.Value) && !IsList(section)
            ? section
            : throw Misshapen(section, path, place, "settings in braces are needed", $"Write it as \"{section.Key}\": {{ ... }}.");

    private static UploadException Misshapen(IConfigurationSection section, string path, string place, string needed, string hint) => new(
        UploadError.Configuration,
        $"\"{section.Key}\"{place} in {path} is {(section.Value is { Length: > 0 } ? "a single value" : IsList(section) ? "a list" : "an object")}, but {needed}.",
        hint);

    private static bool IsList(IConfigurationSection section) =>
        section.GetChildren().Select(c => c.Key).ToList() is { Count: > 0 } keys && keys.SequenceEqual(Enumerable.Range(0, keys.Count).Select(i => $"{i}"));
}

/// <summary>Loads the JSON provider; in a class of its own, so that a run without a file does not.</summary>
internal static class JsonSettings
{
    /// <summary>Reads the content of a file.</summary>
    /// <exception cref="FormatException">It is not valid JSON, or a name occurs twice.</exception>
    /// <exception cref="JsonException">It is not valid JSON.</exception>
    /// <exception cref="InvalidOperationException">A text in it has half of a character that takes two (a lone surrogate).</exception>
    public static IConfiguration Read(ReadOnlyMemory<byte> content)
    {
        using var stream = new MemoryStream(content.ToArray());
        return new ConfigurationBuilder().AddJsonStream(stream).Build();
    }
}

/// <summary>Reads files that the user names, which can be anything: a device, a pipe, a disk image.</summary>
internal static class BoundedFile
{
    /// <summary>Reads a file of limited length (<see cref="BoundedReader"/>).</summary>
    /// <param name="path">Its path.</param>
    /// <param name="limit">The largest length, in bytes.</param>
    /// <exception cref="IOException">It cannot be read, is a folder or a device, or is longer (<see cref="FileTooLargeException"/>).</exception>
    /// <exception cref="UnauthorizedAccessException">The user may not read it.</exception>
    public static ReadOnlyMemory<byte> Read(string path, int limit)
    {
        if (Directory.Exists(path))
        {
            throw new IOException("It is a folder.");
        }

        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        return BoundedReader.Read(stream, limit);
    }

    /// <summary>What the user can do about a file that is not there. .NET reads names as UTF-8, with U+FFFD for each byte that is none.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="hint">What helps if the name can be right.</param>
    public static string Missing(string path, string hint) =>
        path.Contains('\uFFFD') ? "The path is not valid UTF-8, so upload-helper cannot open the file. Rename the file or its folder." : hint;

    /// <summary>Reads a text file of limited length: UTF-8, or UTF-16 with a mark.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="limit">The largest length, in bytes.</param>
    /// <exception cref="IOException">As for <see cref="Read"/>.</exception>
    /// <exception cref="UnauthorizedAccessException">The user may not read it.</exception>
    public static string ReadText(string path, int limit)
    {
        using var reader = new StreamReader(new MemoryStream(Read(path, limit).ToArray()));
        return reader.ReadToEnd();
    }
}
