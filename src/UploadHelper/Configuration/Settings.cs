using System.Globalization;
using Microsoft.Extensions.Configuration;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Usb;

namespace UploadHelper.Configuration;

/// <summary>
/// The merged settings, with one parser per <see cref="OptionKind"/>. Values are text up to here: a binder would read
/// a timeout of "15" as 15 days.
/// </summary>
/// <param name="configuration">All layers; the last one that names a key wins.</param>
internal sealed class Settings(IConfiguration configuration)
{
    /// <summary>Separates several texts.</summary>
    public const char Separator = ',';

    /// <summary>What is wrong with the sources of the settings, though it does not stop the command.</summary>
    public IReadOnlyList<UploadWarning> Warnings { get; init; } = [];

    /// <summary>Names the source of a value, for example "the variable UPLOADHELPER_PORT"; null for the command line.</summary>
    public Func<string, string?> Origin { get; init; } = _ => null;

    /// <summary>Several texts; none if it is not set or empty.</summary>
    public IReadOnlyList<string> Texts(string key) =>
        Text(key)?.Split(Separator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    /// <summary>A text, or null if it is not set or empty.</summary>
    public string? Text(string key) => configuration[key] is { Length: > 0 } text ? text : null;

    /// <summary>A switch: true, false, yes, no, 1 or 0.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: the value is none of them.</exception>
    public bool Switch(string key) => Switch(key, OptionTable.Setting(key).Default == "true");

    /// <summary>A switch with a default other than the table's.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: the value is neither true nor false.</exception>
    public bool Switch(string key, bool otherwise)
    {
        return Text(key) is not { } text ? otherwise : Truth(text) ?? throw Invalid(key, text, "true or false");
    }

    /// <summary>The value of a switch that is not merged yet.</summary>
    /// <param name="name">The switch, as it is written.</param>
    /// <param name="text">Its value.</param>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: the value is neither true nor false.</exception>
    public static bool Truth(string name, string text) => Truth(text) ?? throw Invalid(name, text, "true or false", null);

    /// <summary>A time in seconds, above zero and at most an hour; null if it is not set and has no default.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: the value is no such time.</exception>
    public TimeSpan? Seconds(string key) => (Text(key) ?? OptionTable.Setting(key).Default) is { } text ? Seconds(key, text) : null;

    /// <summary>A time in seconds with a default other than the table's.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: the value is no such time.</exception>
    public TimeSpan Seconds(string key, TimeSpan otherwise) => Text(key) is { } text ? Seconds(key, text) : otherwise;

    /// <summary>An offset or address as an absolute address, or null if none is set.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.AddressInvalid"/>: the value is no address.</exception>
    public uint? Address(string key) => Text(key) is { } text ? FlashAddress.Parse(text) : null;

    /// <summary>A number from 0 to 255, or null if none is set.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: the value is no such number.</exception>
    public byte? Byte(string key) => Text(key) switch
    {
        null => null,
        var text when byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
        var text => throw Invalid(key, text, "a number from 0 to 255"),
    };

    /// <summary>A number of bytes above zero, or null if none is set.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: the value is no such number.</exception>
    public int? Size(string key) => Text(key) switch
    {
        null => null,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size > 0 => size,
        var text => throw Invalid(key, text, "a number of bytes, for example 507904"),
    };

    /// <summary>A pair of USB ids, or null if none is set.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: the value is no such pair.</exception>
    public UsbId? Ids(string key)
    {
        try
        {
            return Text(key) is { } text ? UsbId.Parse(text) : null;
        }
        catch (FormatException)
        {
            throw Invalid(key, Text(key)!, "VID:PID, for example 0483:df11");
        }
    }

    /// <summary>One of the words that the table allows, in lower case; the default if none is set.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: the value is none of them.</exception>
    public string? Word(string key)
    {
        var row = OptionTable.Setting(key);
        return Text(key) is not { } text
            ? row.Default
            : row.Words.FirstOrDefault(word => word.Equals(text, StringComparison.OrdinalIgnoreCase))
                ?? throw Invalid(key, text, $"one of {string.Join(", ", row.Words)}");
    }

    private static bool? Truth(string text) => text.ToLowerInvariant() switch
    {
        "true" or "yes" or "1" => true,
        "false" or "no" or "0" => false,
        _ => null,
    };

    private TimeSpan Seconds(string key, string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and <= 3600
            ? TimeSpan.FromSeconds(seconds)
            : throw Invalid(key, text, "a number of seconds up to 3600, for example 15");

    private UploadException Invalid(string key, string text, string expected) => Invalid(key, text, expected, Origin(key));

    private static UploadException Invalid(string key, string text, string expected, string? origin) => new(
        UploadError.Configuration,
        $"Invalid value \"{text}\" for --{key}. Expected {expected}.",
        origin is null ? "Correct the value and run the command again." : $"The value comes from {origin}. Correct it there, or give --{key} on the command line.");
}

/// <summary>Reads from the settings which board to use and how to reach it.</summary>
internal static class BoardSettings
{
    /// <summary>The bootloader that the settings name.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>.</exception>
    public static BootloaderRequest Request(Settings settings) => new(Filter(settings))
    {
        Port = settings.Text(SettingKeys.Port) is { } port ? Port(port) : null,
        Alternate = settings.Byte(SettingKeys.Alternate),
        Timeout = settings.Seconds(SettingKeys.Timeout)!.Value,
        StrictPolling = settings.Switch(SettingKeys.StrictPolling),
    };

    /// <summary>The place of the only board that a command works on, or null for any place.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.Usage"/>: there is more than one.</exception>
    public static string? OnePath(Settings settings) => settings.Texts(SettingKeys.UsbPath) switch
    {
        [] => null,
        [var path] => path,
        _ => throw new UploadException(UploadError.Usage, "Only upload works on several boards at once.", "Give --usb-path once."),
    };

    /// <summary>The name under which a port is listed; a udev link (/dev/serial/by-id/...) is another name for it.</summary>
    public static string Port(string name) =>
        Path.IsPathRooted(name) && File.Exists(name) ? File.ResolveLinkTarget(name, returnFinalTarget: true)?.FullName ?? name : name;

    // An upload to several boards handles their places itself.
    private static DeviceFilter Filter(Settings settings) => new(
        settings.Ids(SettingKeys.UsbId) is { } ids ? [ids] : DeviceFilter.KnownIds,
        settings.Texts(SettingKeys.UsbPath) is [var path] ? path : null,
        settings.Text(SettingKeys.Serial));
}
