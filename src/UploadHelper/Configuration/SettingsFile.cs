using System.Text.Json;
using Microsoft.Extensions.Configuration;
using UploadHelper.Core.Errors;

namespace UploadHelper.Configuration;

/// <summary>A configuration file, of which every word is known to mean something.</summary>
/// <param name="settings">Its settings.</param>
/// <param name="boards">Those of its boards, by their names.</param>
internal sealed class SettingsFile(IReadOnlyDictionary<string, string?> settings, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string?>> boards)
{
    /// <summary>Name of the configuration file beside the executable; the working directory is never looked at.</summary>
    public const string Name = "upload-helper.json";

    /// <summary>What stands where there is no file.</summary>
    public static SettingsFile Empty { get; } = new(new Dictionary<string, string?>(), new Dictionary<string, IReadOnlyDictionary<string, string?>>());

    /// <summary>The settings outside of any board.</summary>
    public IReadOnlyDictionary<string, string?> Settings => settings;

    /// <summary>Reads a file.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: it is not JSON, or says something in vain.</exception>
    public static SettingsFile Read(string path)
    {
        var (boards, settings) = (new Dictionary<string, IReadOnlyDictionary<string, string?>>(StringComparer.OrdinalIgnoreCase), new SettingLayer(path));
        foreach (var section in Parsed(path).GetChildren())
        {
            if (!section.Key.Equals(SettingKeys.Boards, StringComparison.OrdinalIgnoreCase))
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

        return new SettingsFile(settings.Values, boards);
    }

    /// <summary>The settings of a board.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: there is no such board.</exception>
    public IReadOnlyDictionary<string, string?> Board(string name) => boards.TryGetValue(name, out var board) ? board : throw new UploadException(
        UploadError.Configuration,
        $"There is no board \"{name}\" in the configuration file.",
        boards.Count == 0 ? $"Describe it under \"{SettingKeys.Boards}\" in {Name}." : $"It knows: {string.Join(", ", boards.Keys)}.");

    private static IConfiguration Parsed(string path)
    {
        try
        {
            return JsonSettings.Read(path);
        }
        catch (InvalidDataException e)
        {
            throw new UploadException(UploadError.Configuration, $"{path} is not valid: {Trouble(e)}", "Mend the file; it is JSON.", e);
        }
    }

    // What is wrong, and in which line, is said by the innermost; its own text names line and path in a programmer's way.
    private static string Trouble(Exception e) => e switch
    {
        JsonException { LineNumber: { } line } json => $"line {line + 1}: {json.Message.Split(" Path: ")[0].Split(" LineNumber: ")[0]}",
        { InnerException: { } inner } => Trouble(inner),
        _ => e.Message,
    };

    private static void Add(SettingLayer layer, IConfigurationSection section, IReadOnlyList<string> names, string path, string place)
    {
        if (!names.Contains(section.Key, StringComparer.OrdinalIgnoreCase))
        {
            throw new UploadException(
                UploadError.Configuration,
                $"\"{section.Key}\"{place} in {path} is no setting." + Spelling.Question(section.Key, names, name => $"\"{name}\""),
                "Settings are called as the options are: upload-helper upload --help");
        }

        if (section.GetChildren().Any())
        {
            throw Misshapen(
                section, path, place, "one value is wanted",
                section.Key == SettingKeys.UsbPath ? "Write several places in one text: \"1-1,1-2\"." : $"Write it as \"{section.Key}\": \"...\".");
        }

        layer.Add(section.Key, section.Value);
    }

    private static IConfigurationSection Object(IConfigurationSection section, string path, string place) =>
        string.IsNullOrEmpty(section.Value) && !IsList(section)
            ? section
            : throw Misshapen(section, path, place, "settings in braces are wanted", $"Write it as \"{section.Key}\": {{ ... }}.");

    private static UploadException Misshapen(IConfigurationSection section, string path, string place, string wanted, string hint) => new(
        UploadError.Configuration,
        $"\"{section.Key}\"{place} in {path} is {(section.Value is { Length: > 0 } ? "a single value" : IsList(section) ? "a list" : "an object")}, and {wanted}.",
        hint);

    private static bool IsList(IConfigurationSection section) =>
        section.GetChildren().Select(c => c.Key).ToList() is { Count: > 0 } keys && keys.SequenceEqual(Enumerable.Range(0, keys.Count).Select(i => $"{i}"));
}
