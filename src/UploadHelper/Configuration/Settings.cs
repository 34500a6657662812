using System.Globalization;
using Microsoft.Extensions.Configuration;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Usb;

namespace UploadHelper.Configuration;

/// <summary>
/// The merged settings with one parser per kind of value. Values are text up to here: a binder would read a time-out
/// of "15" as 15 days.
/// </summary>
/// <param name="configuration">All layers; the last one that names a key wins.</param>
internal sealed class Settings(IConfiguration configuration)
{
    /// <summary>What stands between several texts.</summary>
    public const char Separator = ',';

    /// <summary>What has to be told of where they come from.</summary>
    public IReadOnlyList<UploadWarning> Warnings { get; init; } = [];

    /// <summary>Several texts; none if it is not set or empty.</summary>
    public IReadOnlyList<string> Texts(string key) =>
        Text(key)?.Split(Separator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    /// <summary>A text, or null if it is not set or empty.</summary>
    public string? Text(string key) => configuration[key] is { Length: > 0 } text ? text : null;

    /// <summary>A switch: true, false, yes, no, 1 or 0.</summary>
    /// <exception cref="UploadException">The value is none of them.</exception>
    public bool Switch(string key, bool otherwise) => Text(key) is { } text ? Truth(key, text) : otherwise;

    /// <summary>What a switch's value says.</summary>
    /// <param name="name">The switch, as it is written.</param>
    /// <param name="text">Its value.</param>
    /// <exception cref="UploadException">The value is none.</exception>
    public static bool Truth(string name, string text) => text.ToLowerInvariant() switch
    {
        "true" or "yes" or "1" => true,
        "false" or "no" or "0" => false,
        _ => throw Invalid(name, text, "true or false"),
    };

    /// <summary>A length of time in seconds, above zero and at most an hour.</summary>
    /// <exception cref="UploadException">The value is none.</exception>
    public TimeSpan Seconds(string key, TimeSpan otherwise)
    {
        if (Text(key) is not { } text)
        {
            return otherwise;
        }

        return double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and <= 3600
            ? TimeSpan.FromSeconds(seconds)
            : throw Invalid(key, text, "seconds, for example 15");
    }

    /// <summary>The address of the offset, or null if none is set.</summary>
    /// <exception cref="UploadException">The value is no address.</exception>
    public uint? Address(string key) => Text(key) is { } text ? FlashAddress.Parse(text) : null;

    /// <summary>A small number, or null if none is set.</summary>
    /// <exception cref="UploadException">The value is no number from 0 to 255.</exception>
    public byte? Byte(string key) => Text(key) switch
    {
        null => null,
        var text when byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
        var text => throw Invalid(key, text, "a number from 0 to 255"),
    };

    /// <summary>A number of bytes above zero, or null if none is set.</summary>
    /// <exception cref="UploadException">The value is none.</exception>
    public int? Size(string key) => Text(key) switch
    {
        null => null,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size > 0 => size,
        var text => throw Invalid(key, text, "a number of bytes, for example 507904"),
    };

    /// <summary>A pair of USB ids, or null if none is set.</summary>
    /// <exception cref="UploadException">The value is none.</exception>
    public UsbId? Ids(string key)
    {
        try
        {
            return Text(key) is { } text ? UsbId.Parse(text) : null;
        }
        catch (FormatException)
        {
            throw Invalid(key, Text(key)!, "VID:PID in hexadecimal, for example 0483:df11");
        }
    }

    /// <summary>One of some words.</summary>
    /// <exception cref="UploadException">The value is none of them.</exception>
    public T OneOf<T>(string key, T otherwise, params (string Word, T Value)[] words)
    {
        if (Text(key) is not { } text)
        {
            return otherwise;
        }

        foreach (var (word, value) in words)
        {
            if (string.Equals(word, text, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        throw Invalid(key, text, string.Join(", ", words.Select(w => w.Word)));
    }

    private static UploadException Invalid(string key, string text, string wanted) => new(
        UploadError.Configuration, $"\"{text}\" is no value for {key}.", $"Give {wanted}.");
}
