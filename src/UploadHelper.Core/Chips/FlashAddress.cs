using System.Globalization;
using UploadHelper.Core.Errors;

namespace UploadHelper.Core.Chips;

/// <summary>Reads offsets and addresses as users write them.</summary>
public static class FlashAddress
{
    /// <summary>Start address of the flash, the same on every STM32.</summary>
    public const uint FlashBase = 0x0800_0000;

    /// <summary>The smallest sector of any part, in bytes. Every sector starts at a multiple of it.</summary>
    public const uint SmallestSector = 0x400;

    /// <summary>Whether an address is in the range of the internal flash of STM32 parts, whatever the size of the flash.</summary>
    public static bool IsInternalFlash(uint address) => address - FlashBase < 0x0800_0000;

    /// <summary>
    /// Reads an absolute address, or an offset from the start of the flash (any value below it); hexadecimal with "0x", or decimal.
    /// </summary>
    /// <param name="text">As the user wrote it, for example "0x4000", "16384", "0x08004000".</param>
    /// <returns>The absolute address.</returns>
    /// <exception cref="UploadException">
    /// <see cref="UploadError.AddressInvalid"/>: not a number in this notation, or no sector can start there.
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

            throw Invalid(text, $"\"{text}\" is 0x{value:X}, and no flash sector starts there.");
        }

        throw Invalid(text, $"\"{text}\" is not a valid offset or address.");
    }

    private static UploadException Invalid(string text, string message)
    {
        var meant = Meant(text);
        return new UploadException(
            UploadError.AddressInvalid,
            message + (meant is null ? "" : $" Did you mean {meant}?"),
            "Give an offset from the start of the flash (0x4000) or an address (0x08004000). Hexadecimal numbers need the prefix 0x.");
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

/// <summary>Reads lengths as users write them, in the same notation as <see cref="FlashAddress"/>.</summary>
public static class FlashLength
{
    /// <summary>Reads a number of bytes; hexadecimal with "0x", or decimal.</summary>
    /// <param name="text">As the user wrote it, for example "0x4000", "16384".</param>
    /// <returns>The number of bytes; greater than zero.</returns>
    /// <exception cref="UploadException"><see cref="UploadError.LengthInvalid"/>: not a number in this notation, or 0.</exception>
    public static uint Parse(string text)
    {
        if (NumberForms.TryRead(text, out var value) && value > 0)
        {
            return value;
        }

        throw new UploadException(
            UploadError.LengthInvalid,
            $"\"{text}\" is not a valid length." + (NumberForms.TryGuess(text, out var meant) && meant > 0 ? $" Did you mean 0x{meant:X}?" : ""),
            "Give the number of bytes, for example 16384 or 0x4000. Hexadecimal numbers need the prefix 0x.");
    }
}

/// <summary>The notation of numbers: hexadecimal with "0x", or decimal.</summary>
internal static class NumberForms
{
    /// <summary>Whether a number is written as hexadecimal.</summary>
    public static bool IsHexadecimal(string text) => text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a number in this notation.</summary>
    public static bool TryRead(string text, out uint value)
    {
        if (IsHexadecimal(text))
        {
            return uint.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
        }

        // A leading zero means that the "x" of "0x" is missing; it is never a decimal number.
        value = 0;
        return (text.Length == 1 || !text.StartsWith('0'))
            && uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>Guesses the number that was meant by hexadecimal digits without "0x", or followed by "h".</summary>
    public static bool TryGuess(string text, out uint value)
    {
        value = 0;
        return !IsHexadecimal(text)
            && uint.TryParse(text.TrimEnd('h', 'H'), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}
