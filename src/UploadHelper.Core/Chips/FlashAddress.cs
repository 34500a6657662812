using System.Globalization;
using UploadHelper.Core.Errors;

namespace UploadHelper.Core.Chips;

/// <summary>Reads the offsets and addresses that users write.</summary>
public static class FlashAddress
{
    /// <summary>Where the flash of every STM32 begins.</summary>
    public const uint FlashBase = 0x0800_0000;

    /// <summary>No part has smaller sectors than this, in bytes; no sector starts off such a border.</summary>
    public const uint SmallestSector = 0x400;

    /// <summary>Whether an address lies where STM32 parts have their internal flash, whatever its size.</summary>
    public static bool IsInternalFlash(uint address) => address - FlashBase < 0x0800_0000;

    /// <summary>
    /// Reads an offset (below the flash base: relative to it) or an absolute address; "0x" hexadecimal or decimal.
    /// </summary>
    /// <param name="text">As the user wrote it, for example "0x4000", "16384", "0x08004000".</param>
    /// <returns>The absolute address.</returns>
    /// <exception cref="UploadException">
    /// <see cref="UploadError.AddressInvalid"/>: not a number of these forms, or no sector can start there.
    /// </exception>
    public static uint Parse(string text)
    {
        if (NumberForms.TryRead(text, out var value))
        {
            var address = value < FlashBase ? FlashBase + value : value;
            if (address % SmallestSector == 0 && IsInternalFlash(address))
            {
                return address;
            }

            throw Invalid(text, $"\"{text}\" is 0x{value:X}: no sector of a flash starts there.");
        }

        throw Invalid(text, $"\"{text}\" is not an offset or address.");
    }

    private static UploadException Invalid(string text, string message)
    {
        var meant = Meant(text);
        return new UploadException(
            UploadError.AddressInvalid,
            message + (meant is null ? "" : $" Did you mean {meant}?"),
            "Write an offset from the start of the flash (0x4000), or an address (0x08004000); 0x makes it hexadecimal.");
    }

    private static string? Meant(string text)
    {
        if (!NumberForms.TryGuess(text, out var value)
            || value % SmallestSector != 0
            || (value >= FlashBase && !IsInternalFlash(value)))
        {
            return null;
        }

        return value < FlashBase ? $"0x{value:X}" : $"0x{value:X8}";
    }
}

/// <summary>Reads the lengths that users write, in the number forms of <see cref="FlashAddress"/>.</summary>
public static class FlashLength
{
    /// <summary>Reads a number of bytes; "0x" hexadecimal or decimal.</summary>
    /// <param name="text">As the user wrote it, for example "0x4000", "16384".</param>
    /// <returns>The number of bytes; above zero.</returns>
    /// <exception cref="UploadException"><see cref="UploadError.LengthInvalid"/>: not a number of these forms, or 0.</exception>
    public static uint Parse(string text)
    {
        if (NumberForms.TryRead(text, out var value) && value > 0)
        {
            return value;
        }

        throw new UploadException(
            UploadError.LengthInvalid,
            $"\"{text}\" is not a length." + (NumberForms.TryGuess(text, out var meant) && meant > 0 ? $" Did you mean 0x{meant:X}?" : ""),
            "Write a number of bytes: 16384, or 0x4000; 0x makes it hexadecimal.");
    }
}

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
