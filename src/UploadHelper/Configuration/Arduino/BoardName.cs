using UploadHelper.Core.Errors;

namespace UploadHelper.Configuration.Arduino;

/// <summary>A board of an Arduino core as <c>--board</c> names it: by the file that describes it, or by the name that the IDEs use.</summary>
/// <param name="Id">The board, for example "generic_f407v".</param>
/// <param name="Options">Menus and the options chosen in them.</param>
internal abstract record BoardName(string Id, IReadOnlyDictionary<string, string> Options)
{
    /// <summary>In a boards.txt: <c>FILE:ID[:menu=option,...]</c>.</summary>
    internal sealed record InFile(string File, string Id, IReadOnlyDictionary<string, string> Options) : BoardName(Id, Options);

    /// <summary>The fully qualified board name of IDE 2 and arduino-cli: <c>VENDOR:ARCH:ID[:menu=option,...]</c>.</summary>
    internal sealed record Qualified(string Vendor, string Architecture, string Id, IReadOnlyDictionary<string, string> Options) : BoardName(Id, Options);

    /// <summary>Reads either of them; null for a name without a colon, which is that of an entry in the configuration file.</summary>
    /// <param name="text">As the user wrote it; a file's path may have colons itself: "C:\core\boards.txt:uno".</param>
    /// <param name="isFile">Whether there is a file of that name.</param>
    /// <exception cref="UploadException"><see cref="UploadError.Configuration"/>: it is neither.</exception>
    public static BoardName? Parse(string text, Func<string, bool> isFile)
    {
        if (!text.Contains(':', StringComparison.Ordinal))
        {
            return null;
        }

        for (var at = text.LastIndexOf(':'); at > 0; at = text.LastIndexOf(':', at - 1))
        {
            if (isFile(text[..at]))
            {
                return text[(at + 1)..].Split(':') switch
                {
                    [{ Length: > 0 } id] => new InFile(text[..at], id, Choices("")),
                    [{ Length: > 0 } id, var options] => new InFile(text[..at], id, Choices(options)),
                    _ => throw Invalid(text),
                };
            }
        }

        var file = text.IndexOf(".txt:", StringComparison.OrdinalIgnoreCase);
        if (file > 0)
        {
            throw new UploadException(
                UploadError.Configuration, $"There is no file {text[..(file + 4)]}.", "Check the path before the board's id in --board.");
        }

        return text.Split(':') switch
        {
            [{ Length: > 0 } vendor, { Length: > 0 } architecture, { Length: > 0 } id] => new Qualified(vendor, architecture, id, Choices("")),
            [{ Length: > 0 } vendor, { Length: > 0 } architecture, { Length: > 0 } id, var options] => new Qualified(vendor, architecture, id, Choices(options)),
            _ => throw Invalid(text),
        };
    }

    private static Dictionary<string, string> Choices(string text)
    {
        var choices = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var choice in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (choice.Split('=') is not [{ Length: > 0 } menu, { Length: > 0 } option])
            {
                throw new UploadException(
                    UploadError.Configuration, $"\"{choice}\" chooses no option.", "Write menu=option, for example upload_method=DFUUploadMethod; commas between several.");
            }

            choices[menu] = option;
        }

        return choices;
    }

    private static UploadException Invalid(string text) => new(
        UploadError.Configuration,
        $"\"{text}\" names no board.",
        "Give FILE:ID[:menu=option,...] with a core's boards.txt, VENDOR:ARCH:ID[:menu=option,...] with --hardware DIR, or a board of the configuration file.");
}
