namespace UploadHelper.Core.Firmware.Formats;

/// <summary>The lines of a text file, ended by CR, LF or both.</summary>
internal static class TextLines
{
    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>A text without the mark that some editors put before it.</summary>
    public static ReadOnlySpan<byte> WithoutMark(ReadOnlySpan<byte> text) =>
        text.StartsWith(ByteOrderMark) ? text[ByteOrderMark.Length..] : text;

    /// <summary>
    /// The lines that are not blank, with their numbers from 1 and without spaces around them. NULs and Ctrl-Z behind
    /// the text, as files from old tools and dumps have them, do not count.
    /// </summary>
    public static IEnumerable<(int Number, ReadOnlyMemory<byte> Text)> Of(ReadOnlyMemory<byte> content)
    {
        var rest = content[(content.Length - WithoutMark(content.Span).Length)..].TrimEnd(" \t\r\n\0\u001A"u8);
        for (var number = 1; !rest.IsEmpty; number++)
        {
            var end = rest.Span.IndexOfAny((byte)'\r', (byte)'\n');
            var line = (end < 0 ? rest : rest[..end]).Trim(" \t"u8);
            if (!line.IsEmpty)
            {
                yield return (number, line);
            }

            rest = end < 0 ? default : rest[(end + (rest.Span[end..].StartsWith("\r\n"u8) ? 2 : 1))..];
        }
    }
}
