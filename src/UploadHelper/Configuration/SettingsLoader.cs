using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using UploadHelper.Configuration.Arduino;
using UploadHelper.Core.Uploading;

namespace UploadHelper.Configuration;

/// <summary>
/// Merges the layers of settings; later wins: the configuration file, the board (an entry in that file, or one of an
/// Arduino core), the environment (UPLOADHELPER_*), the command line.
/// </summary>
internal static class SettingsLoader
{
    /// <summary>Name of the configuration file beside the executable; the working directory is never looked at.</summary>
    public const string FileName = "upload-helper.json";

    private const string EnvironmentPrefix = "UPLOADHELPER_";

    /// <summary>Merges the layers.</summary>
    /// <param name="typed">What was really typed: option names without dashes, and their values.</param>
    /// <param name="file">The configuration file that was asked for, or null for the one beside the executable, if there is one.</param>
    /// <param name="environment">The variables of the process.</param>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>.</exception>
    public static Settings Load(
        IReadOnlyDictionary<string, string?> typed, string? file, IReadOnlyDictionary<string, string> environment)
    {
        var fromFile = File(file);
        var fromEnvironment = Environment(environment);
        string? Merged(string key) => Value(typed, key) ?? Value(fromEnvironment, key) ?? fromFile[key];
        return new Settings(new ConfigurationBuilder()
            .AddConfiguration(fromFile)
            .Add(Board(fromFile, Merged(SettingKeys.Board), Merged(SettingKeys.Hardware)))
            .AddInMemoryCollection(fromEnvironment)
            .AddInMemoryCollection(typed)
            .Build());
    }

    private static IConfiguration File(string? file)
    {
        var path = file ?? Path.Combine(AppContext.BaseDirectory, FileName);
        if (!System.IO.File.Exists(path))
        {
            return file is null
                ? new ConfigurationBuilder().Build()
                : throw new UploadException(UploadError.Configuration, $"There is no configuration file {file}.", "Check --config.");
        }

        try
        {
            return JsonSettings.Read(path);
        }
        catch (InvalidDataException e)
        {
            throw new UploadException(
                UploadError.Configuration, $"{path} is not valid: {e.InnerException?.Message ?? e.Message}", "Mend the file; it is JSON.", e);
        }
    }

    private static IConfigurationSource Board(IConfiguration file, string? name, string? hardware) =>
        name is not null && BoardName.Parse(name, System.IO.File.Exists) is { } board
            ? new ArduinoBoardSource(board, hardware)
            : new MemoryConfigurationSource { InitialData = Entry(file, name) };

    private static Dictionary<string, string?> Entry(IConfiguration file, string? name)
    {
        if (string.IsNullOrEmpty(name))
        {
            return [];
        }

        var boards = file.GetSection(SettingKeys.Boards);
        var board = boards.GetSection(name);
        if (!board.GetChildren().Any())
        {
            var known = boards.GetChildren().Select(b => b.Key).ToList();
            throw new UploadException(
                UploadError.Configuration,
                $"There is no board \"{name}\" in the configuration file.",
                known.Count == 0 ? $"Describe it under \"{SettingKeys.Boards}\" in {FileName}." : $"It knows: {string.Join(", ", known)}.");
        }

        return board.GetChildren().ToDictionary(c => c.Key, c => c.Value);
    }

    // UPLOADHELPER_USB_ID is usb-id: names of variables have no dashes.
    private static Dictionary<string, string?> Environment(IReadOnlyDictionary<string, string> environment)
    {
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in environment)
        {
            if (name.StartsWith(EnvironmentPrefix, StringComparison.OrdinalIgnoreCase))
            {
                settings[name[EnvironmentPrefix.Length..].Replace('_', '-')] = value;
            }
        }

        return settings;
    }

    private static string? Value(IReadOnlyDictionary<string, string?> layer, string key) => layer.TryGetValue(key, out var value) ? value : null;
}
