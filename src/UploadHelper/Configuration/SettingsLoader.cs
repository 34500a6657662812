using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using UploadHelper.Configuration.Arduino;
using UploadHelper.Core.Errors;

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
            : throw new UploadException(UploadError.Configuration, $"Configuration file {file} not found.", $"Check {source}.");
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
