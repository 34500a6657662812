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
        if (kept.Length == 0 || isCommand(kept[0]) || kept[0].StartsWith('-'))
        {
            return kept;
        }

        var positional = kept.TakeWhile(a => !a.StartsWith('-')).ToArray();
        var rest = kept[positional.Length..];
        return positional switch
        {
            [var port, var offset, var file] => ByHand(port, offset, file, rest),
            [var offset, var file] when LooksLikeNumber(offset) => ByHand("", offset, file, rest),
            _ => kept,
        };
    }

    private static string[] ByHand(string port, string offset, string file, string[] rest) =>
        IsEmpty(port)
            ? ["upload", file, $"--offset={offset}", .. rest]
            : ["upload", file, $"--port={port}", $"--offset={offset}", .. rest];

    // The IDEs pass "--port=" without a port, and leave a key they do not know as it stands: "{serial.port.file}".
    private static bool IsEmptyOption(string argument) =>
        argument.StartsWith("--", StringComparison.Ordinal) && argument.IndexOf('=') is > 2 and var at && IsEmpty(argument[(at + 1)..]);

    private static bool IsEmpty(string value) => value.Length == 0 || (value.StartsWith('{') && value.EndsWith('}'));

    private static bool LooksLikeNumber(string text) => text.Length > 0 && char.IsAsciiDigit(text[0]);
}
