using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;

namespace UploadHelper.Configuration;

/// <summary>Reads out of the settings which board is meant and how to reach it.</summary>
internal static class BoardSettings
{
    /// <summary>The bootloader that the settings name.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>.</exception>
    public static BootloaderRequest Request(Settings settings) => new(Filter(settings))
    {
        Port = settings.Text(SettingKeys.Port) is { } port ? Port(port) : null,
        Alternate = settings.Byte(SettingKeys.Alternate),
        Timeout = settings.Seconds(SettingKeys.Timeout, TimeSpan.FromSeconds(15)),
    };

    /// <summary>The name under which a port is listed: a link of udev's (/dev/serial/by-id/...) stands for another.</summary>
    public static string Port(string name) =>
        Path.IsPathRooted(name) && File.Exists(name) ? File.ResolveLinkTarget(name, returnFinalTarget: true)?.FullName ?? name : name;

    // Several places are for an upload to several boards, which looks at them itself.
    private static DeviceFilter Filter(Settings settings) => new(
        settings.Ids(SettingKeys.UsbId) is { } ids ? [ids] : DeviceFilter.KnownIds,
        settings.Texts(SettingKeys.UsbPath) is [var path] ? path : null,
        settings.Text(SettingKeys.Serial));
}
