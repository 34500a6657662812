namespace UploadHelper.Core.Firmware.Formats;

/// <summary>Tells a file's format from its content.</summary>
internal static class FormatRecognition
{
    private const int HeadSize = 64;

    /// <summary>The format of a file from which the suffix of .dfu files was taken off.</summary>
    public static ImageFormat Of(ReadOnlySpan<byte> content)
    {
        // No raw binary is mistaken for one of them: no stack pointer into a RAM reads as they begin.
        if (content.StartsWith("\u007FELF"u8))
        {
            return ImageFormat.Elf;
        }

        if (content.StartsWith(DfuSeReader.Signature))
        {
            return ImageFormat.DfuSe;
        }

        var text = TextLines.WithoutMark(content).TrimStart(" \t\r\n"u8);
        return IsText(text, (byte)':') ? ImageFormat.IntelHex
            : IsText(text, (byte)'S') && text.Length > 1 && char.IsAsciiDigit((char)text[1]) ? ImageFormat.SRecord
            : ImageFormat.RawBinary;
    }

    private static bool IsText(ReadOnlySpan<byte> text, byte first)
    {
        var head = text[..Math.Min(text.Length, HeadSize)];
        var end = head.IndexOfAny((byte)'\r', (byte)'\n');
        return head.Length > 0 && head[0] == first && !head[..(end < 0 ? head.Length : end)].ContainsAnyExceptInRange((byte)'\t', (byte)'~');
    }
}
