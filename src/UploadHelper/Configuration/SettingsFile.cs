using System.Text.Json;
using Microsoft.Extensions.Configuration;
using UploadHelper.Core.Errors;

namespace UploadHelper.Configuration;

/// <summary>A configuration file, of which every word is known to mean something.</summary>
/// <param name="path">Its path, for messages.</param>
/// <param name="settings">Its settings.</param>
/// <param name="boards">Those of its boards, by their names.</param>
internal sealed class SettingsFile(
    string path, IReadOnlyDictionary<string, string?> settings, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string?>> boards)
{
    private const string Boards = "boards";

    /// <summary>Name of the configuration file beside the executable; the working directory is never searched.</summary>
    public const string Name = "upload-helper.json";

    /// <summary>Takes the place of a missing file.</summary>
    public static SettingsFile Empty { get; } = new("", new Dictionary<string, string?>(), new Dictionary<string, IReadOnlyDictionary<string, string?>>());

    /// <summary>Its path, for messages.</summary>
    public string Path => path;

    /// <summary>The settings outside of any board.</summary>
    public IReadOnlyDictionary<string, string?> Settings => settings;

    /// <summary>Reads a file.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: it is not JSON, or has something in it that is no setting.</exception>
    public static SettingsFile Read(string path)
    {
        var (boards, settings) = (new Dictionary<string, IReadOnlyDictionary<string, string?>>(StringComparer.OrdinalIgnoreCase), new SettingLayer(path));
        foreach (var section in Parsed(path).GetChildren())
        {
            if (!section.Key.Equals(Boards, StringComparison.OrdinalIgnoreCase))
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
        boards.Count == 0 ? $"Add it under \"{Boards}\" in {Name}." : $"It has: {string.Join(", ", boards.Keys)}.");

    private static IConfiguration Parsed(string path)
    {
        try
        {
            return JsonSettings.Read(path);
        }
        catch (InvalidDataException e)
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
                section.Key == SettingKeys.UsbPath ? "Write several places as one text: \"1-1,1-2\"." : $"Write it as \"{section.Key}\": \"...\".");
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
    /// <summary>Reads the file.</summary>
    /// <exception cref="InvalidDataException">It is not valid JSON.</exception>
    public static IConfiguration Read(string path) => new ConfigurationBuilder()
        .AddJsonFile(Path.GetFullPath(path), optional: false, reloadOnChange: false)
        .Build();
}
