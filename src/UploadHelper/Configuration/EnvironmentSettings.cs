using UploadHelper.Core.Errors;

namespace UploadHelper.Configuration;

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

    /// <summary>Tells of those that are no settings. No more: an environment is shared by versions, and another may know them.</summary>
    public IReadOnlyList<UploadWarning> Warnings() =>
    [
        .. Ours().Where(v => !IsFile(v.Key) && !IsKnown(v.Key)).OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => new UploadWarning(
            WarningCode.UnknownVariable,
            $"The variable {v.Key} is no setting of this version, and does nothing." + Spelling.Question(Setting(v.Key), [.. SettingNames.All, Setting(File)], Variable),
            "Variables are called as the options are: UPLOADHELPER_NO_VERIFY is --no-verify.")),
    ];

    private static string Setting(string variable) => variable[Prefix.Length..].Replace('_', '-').ToLowerInvariant();

    private static string Variable(string setting) => Prefix + setting.Replace('-', '_').ToUpperInvariant();

    private static bool IsFile(string name) => name.Equals(File, StringComparison.OrdinalIgnoreCase);

    private static bool IsKnown(string name) => SettingNames.All.Contains(Setting(name), StringComparer.Ordinal);

    private IEnumerable<KeyValuePair<string, string>> Ours() => environment.Where(v => v.Key.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase));
}
