namespace UploadHelper.Output;

/// <summary>Keeps text to printable ASCII: old IDEs decode with any charset, and devices put anything into their strings, a terminal's commands included.</summary>
internal static class Ascii
{
    /// <summary>The text with every other character replaced by '?'.</summary>
    public static string Of(string text) =>
        text.AsSpan().ContainsAnyExceptInRange(' ', '~')
            ? string.Concat(text.Select(c => c is >= ' ' and <= '~' ? c : '?'))
            : text;
}
