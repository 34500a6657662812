namespace UploadHelper.CommandLine;

/// <summary>
/// How the cores called maple_loader.jar and the maple_upload wrappers: <c>PORT ALT VID:PID FILE [IDE-PATH]
/// [DFUSE-ADDRESS]</c> (Arduino_STM32, STM32GENERIC) and <c>PORT ALT VID PID FILE</c> (Arduino_Core_STM32). The port is
/// left away where there is none. Known by its USB ids, which nothing in any other shape looks like.
/// </summary>
/// <param name="Port">The port; empty or a placeholder where there is none.</param>
/// <param name="Alternate">The alternate setting, decimal.</param>
/// <param name="UsbId">The bootloader's ids, VID:PID.</param>
/// <param name="File">The image, or null if it was left away.</param>
/// <param name="DfuSeAddress">Where the image begins, or null: then the alternate setting's name says it.</param>
internal sealed record LegacyShape(string Port, string Alternate, string UsbId, string? File, string? DfuSeAddress)
{
    /// <summary>Reads the shape, or returns null if it is another one.</summary>
    /// <param name="words">The words before the first option.</param>
    public static LegacyShape? Read(IReadOnlyList<string> words) =>
        Read("", words, 0) ?? (words.Count > 0 ? Read(words[0], words, 1) : null);

    private static LegacyShape? Read(string port, IReadOnlyList<string> words, int at)
    {
        if (at + 1 >= words.Count || !IsAlternate(words[at]))
        {
            return null;
        }

        if (IsPair(words[at + 1]))
        {
            return Read(port, words[at], words[at + 1], [.. words.Skip(at + 2)]);
        }

        return at + 2 < words.Count && IsHalf(words[at + 1], 4) && IsHalf(words[at + 2], 4)
            ? Read(port, words[at], $"{words[at + 1]}:{words[at + 2]}", [.. words.Skip(at + 3)])
            : null;
    }

    // Between the file and the address is the IDE's path: several words where a wrapper has lost its quotes, and in
    // the macOS wrapper's calls taken for the address.
    private static LegacyShape Read(string port, string alternate, string usbId, string[] rest) => new(
        port,
        alternate,
        usbId,
        rest.FirstOrDefault(),
        rest.Length > 1 && IsFlashAddress(rest[^1]) ? rest[^1] : null);

    // A key that the core does not set stays as it stands: "{upload.altID}".
    private static bool IsAlternate(string word) =>
        Placeholder.Is(word) || (word.Length is > 0 and <= 3 && word.All(char.IsAsciiDigit));

    private static bool IsPair(string word) =>
        Placeholder.Is(word) || (word.Split(':') is [var vendor, var product] && IsHalf(vendor, 3) && IsHalf(product, 3));

    // At least three digits: "C:a" is a file.
    private static bool IsHalf(string word, int fewest)
    {
        var digits = Digits(word);
        return digits.Length >= fewest && digits.Length <= 4 && digits.All(char.IsAsciiHexDigit);
    }

    // Every STM32 has its flash at 0x08000000; so "2.3" or "18", the end of an IDE's path, is none.
    private static bool IsFlashAddress(string word)
    {
        var digits = Digits(word).TrimStart('0');
        return digits.Length == 7 && digits[0] == '8' && digits.All(char.IsAsciiHexDigit);
    }

    private static string Digits(string word) => word.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? word[2..] : word;
}
