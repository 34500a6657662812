using System.Runtime.Versioning;
using Microsoft.Win32;

namespace UploadHelper.Devices.Diagnosis;

/// <summary>This machine's registry.</summary>
[SupportedOSPlatform("windows")]
internal sealed class WindowsRegistry : IRegistryView
{
    /// <inheritdoc/>
    public IReadOnlyList<string> SubKeys(string key) => Read(key, k => k.GetSubKeyNames()) ?? [];

    /// <inheritdoc/>
    public string? Text(string key, string name) => Read(key, k => k.GetValue(name) as string);

    /// <inheritdoc/>
    public IReadOnlyList<string> Texts(string key, string name) => Read(key, k => k.GetValue(name) as string[]) ?? [];

    private static T? Read<T>(string path, Func<RegistryKey, T?> read)
        where T : class
    {
        using var key = Registry.LocalMachine.OpenSubKey(path);
        return key is null ? null : read(key);
    }
}
