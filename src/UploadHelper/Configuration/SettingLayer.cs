using UploadHelper.Core.Errors;

namespace UploadHelper.Configuration;

/// <summary>Settings that come from one place, each said once.</summary>
/// <param name="place">The place in words.</param>
internal sealed class SettingLayer(string place)
{
    private readonly Dictionary<string, string?> _values = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The values by their keys.</summary>
    public IReadOnlyDictionary<string, string?> Values => _values;

    /// <summary>Adds one.</summary>
    /// <param name="name">One of its names.</param>
    /// <param name="value">Its value; null or empty says nothing.</param>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: it stands there under another name too.</exception>
    public void Add(string name, string? value)
    {
        var (key, said) = SettingNames.Read(name, value);
        if (!string.IsNullOrEmpty(said) && !_values.TryAdd(key, said))
        {
            throw new UploadException(
                UploadError.Configuration, $"{place} sets \"{key}\" twice, under two names.", "Leave one of them out.");
        }
    }
}
