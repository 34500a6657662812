using UsbIds = UploadHelper.Core.Usb.UsbId;

namespace UploadHelper.CommandLine;

/// <summary>
/// Rewrites the positional calling shapes to commands before anything is parsed: otherwise a file called "read" would
/// be taken for the command. Pure: arguments in, arguments out.
/// </summary>
internal static class ArgumentShapes
{
    /// <summary>The shapes, as help and errors show them.</summary>
    public static IReadOnlyList<string> Usage { get; } =
    [
        "upload-helper PORT OFFSET FILE",
        "upload-helper PORT ALT VID:PID FILE [IDE-PATH] [DFUSE-ADDRESS]",
        "upload-helper PORT ALT VID PID FILE",
    ];

    /// <summary>Rewrites what was typed, or what an IDE expanded, to a command with options.</summary>
    /// <param name="arguments">The arguments of the process.</param>
    /// <param name="isCommand">Whether a word is the name of a command.</param>
    public static string[] Rewrite(IReadOnlyList<string> arguments, Func<string, bool> isCommand)
    {
        var kept = arguments.Where(a => !IsEmptyOption(a)).ToArray();
        if (kept.Length == 0 || kept[0].StartsWith('-') || isCommand(kept[0]))
        {
            return kept;
        }

        var positional = kept.TakeWhile(a => !a.StartsWith('-')).ToArray();
        var rest = kept[positional.Length..];
        if (LegacyShape.Read(positional) is { } legacy)
        {
            return [.. AsMapleLoader(legacy), .. rest];
        }

        return positional switch
        {
            [var port, var offset, var file] => [.. ByHand(port, offset, file), .. rest],
            [var offset, var file] when LooksLikeNumber(offset) => [.. ByHand("", offset, file), .. rest],
            _ => kept,
        };
    }

    /// <summary>
    /// Whether a recipe of an Arduino core made these arguments, and no person typed them: they hold a key that the IDE did
    /// not know or an option without a value, the path of the IDE, or an image in a folder that IDE 1.8 builds in.
    /// </summary>
    /// <param name="arguments">The arguments of the process.</param>
    public static bool ComeFromRecipe(IReadOnlyList<string> arguments) =>
        arguments.Any(a => IsEmptyOption(a) || Placeholder.Is(a) || a.Contains("arduino_build_", StringComparison.Ordinal))
        || LegacyShape.Read([.. arguments.TakeWhile(a => !a.StartsWith('-'))]) is { Ignored.Count: > 0 };

    private static IEnumerable<string> ByHand(string port, string offset, string file) =>
        ["upload", file, .. Option("port", port), .. Option("offset", offset)];

    private static IEnumerable<string> AsMapleLoader(LegacyShape shape)
    {
        IEnumerable<string> file = shape.File is null ? [] : [shape.File];
        return
        [
            "upload",
            .. file,
            .. Option("port", shape.Port),
            .. Option("alt", shape.Alternate),
            .. Option("usb-id", shape.UsbId),
            .. Option("offset", Hexadecimal(shape.DfuSeAddress ?? "")),
        ];
    }

    private static IEnumerable<string> Option(string name, string value) => Placeholder.IsEmpty(value) ? [] : [$"--{name}={value}"];

    // dfu-util reads "8000000" after -s as decimal, but no core means decimal.
    private static string Hexadecimal(string address) =>
        address.Length == 0 || address.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? address : $"0x{address}";

    // The IDEs pass "--port=" without a port.
    private static bool IsEmptyOption(string argument) =>
        argument.StartsWith("--", StringComparison.Ordinal) && argument.IndexOf('=') is > 2 and var at && Placeholder.IsEmpty(argument[(at + 1)..]);

    private static bool LooksLikeNumber(string text) => text.Length > 0 && char.IsAsciiDigit(text[0]);
}

/// <summary>
/// The arguments of maple_loader.jar and the maple_upload wrappers, as the cores call them: <c>PORT ALT VID:PID FILE [IDE-PATH]
/// [DFUSE-ADDRESS]</c> (Arduino_STM32, STM32GENERIC) and <c>PORT ALT VID PID FILE</c> (Arduino_Core_STM32). The port is
/// missing where there is none. Recognised by its USB ids, which nothing in any other shape resembles.
/// </summary>
/// <param name="Port">The port; empty or a placeholder where there is none.</param>
/// <param name="Alternate">The alternate setting, decimal.</param>
/// <param name="UsbId">The bootloader's ids, VID:PID[,VID:PID].</param>
/// <param name="File">The image, or null if it is missing.</param>
/// <param name="DfuSeAddress">Where the image begins, or null: then the alternate setting's name says where.</param>
internal sealed record LegacyShape(string Port, string Alternate, string UsbId, string? File, string? DfuSeAddress)
{
    private const int AllDigits = 4;

    /// <summary>The words after the file, except the address: the IDE's path.</summary>
    public IReadOnlyList<string> Ignored { get; private init; } = [];

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

        return at + 2 < words.Count && $"{words[at + 1]}:{words[at + 2]}" is var pair && UsbIds.TryParse(pair, out _, AllDigits)
            ? Read(port, words[at], pair, [.. words.Skip(at + 3)])
            : null;
    }

    // Between the file and the address is the IDE's path: several words where a wrapper has lost its quotes, and in
    // the macOS wrapper's calls taken for the address.
    private static LegacyShape Read(string port, string alternate, string usbId, string[] rest)
    {
        var address = rest.Length > 1 && IsFlashAddress(rest[^1]) ? rest[^1] : null;
        return new LegacyShape(port, alternate, usbId, rest.FirstOrDefault(), address) { Ignored = [.. rest.Skip(1).SkipLast(address is null ? 0 : 1)] };
    }

    /// <summary>Whether a word is an alternate setting. A key that the core does not set stays as written: "{upload.altID}".</summary>
    public static bool IsAlternate(string word) =>
        Placeholder.Is(word) || (word.Length is > 0 and <= 3 && word.All(char.IsAsciiDigit));

    /// <summary>Whether a word is VID:PID, a list of such pairs, or an IDE's placeholder for it. "C:a" is a file.</summary>
    public static bool IsPair(string word) => Placeholder.Is(word) || UsbIds.TryParseList(word, out _, fewestDigits: 3);

    /// <summary>Whether a word is a USB vendor or product id with all its digits.</summary>
    public static bool IsHalf(string word) => UsbIds.TryParse($"{word}:0000", out _, AllDigits);

    // Every STM32 has its flash at 0x08000000; so "2.3" or "18", the end of an IDE's path, is none.
    private static bool IsFlashAddress(string word)
    {
        var digits = (word.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? word[2..] : word).TrimStart('0');
        return digits.Length == 7 && digits[0] == '8' && digits.All(char.IsAsciiHexDigit);
    }

}

/// <summary>What an IDE leaves in place of a key that it does not know: the key in braces, "{serial.port.file}".</summary>
internal static class Placeholder
{
    /// <summary>Whether a word is just such a key.</summary>
    public static bool Is(string word) => word.StartsWith('{') && word.EndsWith('}');

    /// <summary>Whether a word has no meaning: it is empty, or just such a key.</summary>
    public static bool IsEmpty(string word) => word.Length == 0 || Is(word);
}
