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
    /// <param name="file">The configuration file that was asked for, or null for the environment's, or the one beside the executable, if there is one.</param>
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
        return new Settings(new ConfigurationBuilder()
            .AddInMemoryCollection(fromFile.Settings)
            .Add(Board(fromFile, Merged(SettingKeys.Board), Merged(SettingKeys.Hardware)))
            .AddInMemoryCollection(fromEnvironment)
            .AddInMemoryCollection(typed)
            .Build())
        {
            Warnings = variables.Warnings(),
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
            : throw new UploadException(UploadError.Configuration, $"There is no configuration file {file}.", $"Check {source}.");
    }

    private static IConfigurationSource Board(SettingsFile file, string? name, string? hardware) =>
        name is { Length: > 0 } && BoardName.Parse(name, System.IO.File.Exists) is { } board
            ? new ArduinoBoardSource(board, hardware)
            : new MemoryConfigurationSource { InitialData = string.IsNullOrEmpty(name) ? null : file.Board(name) };
}
