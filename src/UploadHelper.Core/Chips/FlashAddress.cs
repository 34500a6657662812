using System.Globalization;
using UploadHelper.Core.Errors;

namespace UploadHelper.Core.Chips;

/// <summary>Reads offsets and addresses as users write them.</summary>
public static class FlashAddress
{
    /// <summary>Start address of the flash, the same on every STM32.</summary>
    public const uint FlashBase = 0x0800_0000;

    /// <summary>The smallest sector of the parts that have bootloaders in flash, in bytes. Sketches start at a multiple of it.</summary>
    public const uint SmallestSector = 0x400;

    // The STM32L0 has pages of 128 bytes: no memory has smaller ones.
    private const uint SmallestPage = 0x80;

    /// <summary>Whether an address is in the range of the internal flash of STM32 parts, whatever the size of the flash.</summary>
    public static bool IsInternalFlash(uint address) => address - FlashBase < 0x0800_0000;

    /// <summary>An address as <see cref="Parse"/> reads it: an offset in the internal flash (0x4000), otherwise itself (0x90040000).</summary>
    public static string Offset(uint address) => IsInternalFlash(address) ? $"0x{address - FlashBase:X}" : $"0x{address:X8}";

    /// <summary>
    /// Reads an absolute address, or an offset from the start of the flash (any value below it); hexadecimal with "0x", or decimal.
    /// Whether the board has memory there is for its memory map to say: many have flash on a QSPI.
    /// </summary>
    /// <param name="text">As the user wrote it, for example "0x4000", "16384", "0x08004000", "0x90040000".</param>
    /// <returns>The absolute address.</returns>
    /// <exception cref="UploadException">
    /// <see cref="UploadError.AddressInvalid"/>: not a number in this notation, or no sector can start there on any STM32.
    /// </exception>
    public static uint Parse(string text)
    {
        if (NumberForms.TryRead(text, out var value))
        {
            var address = value < FlashBase ? FlashBase + value : value;
            return Objection(address) is { } why ? throw Invalid(text, $"\"{text}\" is 0x{value:X}, {why}.") : address;
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
        if (!NumberForms.TryGuess(text, out var value) || Objection(value < FlashBase ? FlashBase + value : value) is not null)
        {
            return null;
        }

        return value < FlashBase ? $"0x{value:X}" : $"0x{value:X8}";
    }

    private static string? Objection(uint address) =>
        OptionArea.Contains(address) ? OptionArea.NotTouched
        : RamMap.IsVolatile(address, address + 1L) ? "which is RAM or a register, not flash"
        : address % SmallestPage != 0 ? "and no flash sector starts there"
        : null;
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

/// <summary>
/// The areas of an STM32 that configure the chip or can be written only once: option bytes, OTP, device features.
/// A wrong byte there can lock the chip for good, so an upload never writes them.
/// </summary>
public static class OptionArea
{
    // AN2606 and the reference manuals: OTP and option bytes of F0 to G4 at 0x1FFFxxxx, option bytes of H7 in the
    // flash controller's registers, as on G0, U0, L5, U5, H5 and C5, OTP of L5 and U5 at 0x0BFA0000, of H5 and C5 below 0x09000000,
    // "Device Feature" of the ROMs at 0xFFFF0000.
    private static readonly (uint From, uint To)[] Ranges =
    [
        (0x1FF0_0000, 0x1FFF_FFFF),
        (0x4002_2000, 0x4002_27FF),
        (0x5200_2000, 0x5200_2FFF),
        (0x08FF_E000, 0x08FF_FFFF),
        (0x0BFA_0000, 0x0BFA_0FFF),
        (0xFFFF_0000, 0xFFFF_FFFF),
    ];

    private static readonly string[] Names = ["Option", "OTP", "Device Feature"];

    /// <summary>What such an address is, for the end of a sentence.</summary>
    public const string NotTouched = "which is option bytes, OTP or similar memory that upload-helper leaves alone";

    /// <summary>Whether a memory is such an area: by its name, or by the address if the name says otherwise (STM32G0C1).</summary>
    public static bool Holds(MemoryMap memory, uint address) =>
        Names.Any(n => memory.Name.Contains(n, StringComparison.OrdinalIgnoreCase))
        || Contains(address);

    /// <summary>Whether an address is in such an area on some STM32.</summary>
    public static bool Contains(uint address) => Ranges.Any(r => address >= r.From && address <= r.To);
}

/// <summary>
/// The data EEPROM of the STM32L0 and STM32L1, inside the range of the flash (RM0367, RM0038). Their ROMs name it as a memory
/// that is written without an erase. What they do with bytes that do not fill a word is not documented, and what stands beside the
/// data must stay: so it is read and compared, and not written.
/// </summary>
public static class DataEeprom
{
    /// <summary>What a user can do who wants to write it.</summary>
    public const string Advice =
        "Let the sketch write its EEPROM, or write it with STM32CubeProgrammer. `upload-helper read 0x08080000 LENGTH FILE` reads it.";

    private const uint Base = 0x0808_0000;

    // The STM32L1 has up to 16 KiB of it.
    private const uint LargestSize = 0x4000;

    /// <summary>Whether an address is in it, on a chip that has one: on others it is in the flash.</summary>
    public static bool MayHold(uint address) => address - Base < LargestSize;

    /// <summary>Whether a sector of a memory map is part of it.</summary>
    public static bool Holds(Sector sector) => MayHold(sector.Address) && (sector.Access & (SectorAccess.Erase | SectorAccess.Write)) == SectorAccess.Write;
}
