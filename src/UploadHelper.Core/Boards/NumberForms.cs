using System.Globalization;

namespace UploadHelper.Core.Boards;

/// <summary>The forms of numbers that users write: "0x" hexadecimal, or decimal.</summary>
internal static class NumberForms
{
    /// <summary>Whether a number is written as hexadecimal.</summary>
    public static bool IsHexadecimal(string text) => text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a number of these forms.</summary>
    public static bool TryRead(string text, out uint value)
    {
        if (IsHexadecimal(text))
        {
            return uint.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
        }

        // A leading zero is what is left of a forgotten "0x", never a decimal number.
        value = 0;
        return (text.Length == 1 || !text.StartsWith('0'))
            && uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>Reads what was probably meant by digits without "0x", or with an "h" behind them.</summary>
    public static bool TryGuess(string text, out uint value)
    {
        value = 0;
        return !IsHexadecimal(text)
            && uint.TryParse(text.TrimEnd('h', 'H'), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}
