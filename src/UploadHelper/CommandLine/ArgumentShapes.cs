namespace UploadHelper.CommandLine;

/// <summary>
/// Rewrites the positional calling shapes to commands before anything is parsed: otherwise a file called "read" would
/// be taken for the command. Pure: arguments in, arguments out.
/// </summary>
internal static class ArgumentShapes
{
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

    // dfu-util reads "8000000" after -s as decimal, but no core means that.
    private static string Hexadecimal(string address) =>
        address.Length == 0 || address.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? address : $"0x{address}";

    // The IDEs pass "--port=" without a port.
    private static bool IsEmptyOption(string argument) =>
        argument.StartsWith("--", StringComparison.Ordinal) && argument.IndexOf('=') is > 2 and var at && Placeholder.IsEmpty(argument[(at + 1)..]);

    private static bool LooksLikeNumber(string text) => text.Length > 0 && char.IsAsciiDigit(text[0]);
}
