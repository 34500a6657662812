using System.Text;
using System.Text.Unicode;
using UploadHelper.Core.Errors;

namespace UploadHelper.Core.Firmware.Formats;

/// <summary>
/// Recognises files that are certainly not firmware: archives, pictures, web pages, text, programs for a computer. Only the
/// content counts. No vector table looks like one of them: their first word is in no STM32's RAM, or, for text, each of the
/// first two words consists of characters, so that the reset vector cannot be in internal flash.
/// </summary>
internal static class ForeignFile
{
    // Text is judged by its beginning. Two words are the least that a vector table has.
    private const int HeadSize = 512;
    private const int ShortestText = VectorTable.Smallest;
    private const int LongestQuote = 40;

    private const string Unpack = "Unpack it, and use the .bin, .hex, .elf or .dfu file inside.";
    private const string WrongFile = "Use the .bin, .hex, .elf or .dfu file of the sketch instead.";
    private const string Download = "Download the file itself, not the page about it. On GitHub: open the file, and use \"Download raw file\".";

    private static readonly (string Magic, string What, string Advice)[] Kinds =
    [
        ("PK\u0003\u0004", "a zip archive", Unpack),
        ("PK\u0005\u0006", "an empty zip archive", "Download it again. " + Unpack),
        ("BZh", "compressed with bzip2", Unpack),
        ("\u00FD7zXZ\0", "compressed with xz", Unpack),
        ("\u0028\u00B5\u002F\u00FD", "compressed with zstd", Unpack),
        ("7z\u00BC\u00AF\u0027\u001C", "a 7z archive", Unpack),
        ("Rar!\u001A\u0007", "a rar archive", Unpack),
        ("MSCF\0\0\0\0", "a Windows cabinet", Unpack),
        ("UF2\n", "a UF2 file", "A UF2 file is for a bootloader that appears as a USB drive: copy it to that drive. For upload-helper, use the .bin, .hex or .elf file of the same build."),
        ("!<arch>\n", "a library or a package (ar archive)", "A library is only a part of a program. " + WrongFile),
        ("!<thin>\n", "a library (thin ar archive)", "A library is only a part of a program. " + WrongFile),
        ("%PDF-", "a PDF document", WrongFile),
        ("\u0089PNG\r\n\u001A\n", "a PNG picture", WrongFile),
        ("\u00FF\u00D8\u00FF", "a JPEG picture", WrongFile),
        ("GIF8", "a GIF picture", WrongFile),
        ("MZ\u0090\0", "a Windows program", WrongFile),
        ("\u00CF\u00FA\u00ED\u00FE", "a macOS program", WrongFile),
        ("\u00CA\u00FE\u00BA\u00BE", "a macOS program or a Java class", WrongFile),
        ("\0asm\u0001\0\0\0", "a WebAssembly program", WrongFile),
        ("BC\u00C0\u00DE\u0035\u0014\0\0", "LLVM bitcode", "It is compiled but not linked. " + WrongFile),
        ("SQLite format 3\0", "an SQLite database", WrongFile),
    ];

    private static readonly string[] WebPages = ["<!doctype html", "<html", "<head", "<body"];

    /// <summary>Refuses a file that is certainly not firmware.</summary>
    /// <param name="file">A file in none of the formats of <see cref="ImageFormat"/> but <see cref="ImageFormat.RawBinary"/>.</param>
    /// <exception cref="UploadException"><see cref="UploadError.ImageUnreadable"/>: what it is, and what to do instead.</exception>
    public static void Refuse(ImageFile file)
    {
        if (Recognise(file.Content.Span) is var (what, advice))
        {
            throw new UploadException(UploadError.ImageUnreadable, $"{file.Name} is not firmware. It is {what}.", advice);
        }
    }

    private static (string What, string Advice)? Recognise(ReadOnlySpan<byte> content)
    {
        foreach (var (magic, what, advice) in Kinds)
        {
            if (StartsWith(content, magic))
            {
                return (what, advice);
            }
        }

        // RFC 1952: the signature, the method "deflate", and five flags. Three bytes alone could be those of a stack pointer.
        if (content.Length > 3 && content.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B, 0x08]) && content[3] < 0x20)
        {
            return ("compressed with gzip", Unpack);
        }

        // tar has its signature in the middle of its first block.
        if (content.Length > 262 && content[257..].StartsWith("ustar"u8))
        {
            return ("a tar archive", Unpack);
        }

        return IsUtf16(content)
            ? ("text in UTF-16", "If it is an Intel HEX or S-record file that an editor saved, save it as ASCII or UTF-8. " + WrongFile)
            : Text(TextLines.WithoutMark(content));
    }

    private static (string What, string Advice)? Text(ReadOnlySpan<byte> content)
    {
        if (content.Length < ShortestText || !IsText(content[..Math.Min(content.Length, HeadSize)]))
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(content[..Math.Min(content.Length, HeadSize)]).TrimStart();
        var line = text.Split('\r', '\n')[0].TrimEnd();
        return true switch
        {
            _ when WebPages.Any(p => text.StartsWith(p, StringComparison.OrdinalIgnoreCase)) => ("a web page (HTML)", Download),
            _ when text.StartsWith("<?xml", StringComparison.Ordinal) || text.StartsWith("<svg", StringComparison.Ordinal) => ("an XML document", Download),
            _ when text.StartsWith("version https://git-lfs", StringComparison.Ordinal) =>
                ("a Git LFS pointer, which stands for the real file", "Fetch the real file: run `git lfs pull`, or download it from the web page of the repository."),
            _ when text.StartsWith("#include", StringComparison.Ordinal) || text.StartsWith("//", StringComparison.Ordinal) || text.StartsWith("/*", StringComparison.Ordinal) =>
                ("source code", "Compile the sketch, and use the .bin, .hex or .elf file that results."),
            _ => ($"text, but neither Intel HEX nor Motorola S-record: it begins with \"{Printable(line)}\"", WrongFile),
        };
    }

    // Control characters other than tab, line feed, form feed and carriage return do not occur in text; a letter at the end of the head can be cut.
    private static bool IsText(ReadOnlySpan<byte> head)
    {
        foreach (var c in head)
        {
            if (c is < (byte)' ' and not ((byte)'\t' or (byte)'\n' or (byte)'\f' or (byte)'\r') or 0x7F)
            {
                return false;
            }
        }

        for (var cut = 0; cut <= 3 && head.Length - cut > 0; cut++)
        {
            if (Utf8.IsValid(head[..^cut]))
            {
                return true;
            }
        }

        return false;
    }

    // A mark, then at least four ASCII characters of two bytes each.
    private static bool IsUtf16(ReadOnlySpan<byte> content)
    {
        if (content.Length < 10 || !(content.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || content.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF])))
        {
            return false;
        }

        var low = content[0] == 0xFF ? 0 : 1;
        for (var i = 2; i < 10; i += 2)
        {
            if (content[i + low] is < 9 or > 0x7E || content[i + 1 - low] != 0)
            {
                return false;
            }
        }

        return true;
    }

    private static string Printable(string line) =>
        string.Concat(line.Take(LongestQuote).Select(c => c is >= ' ' and <= '~' ? c : '?')) + (line.Length > LongestQuote ? "..." : "");

    private static bool StartsWith(ReadOnlySpan<byte> content, string magic)
    {
        for (var i = 0; i < magic.Length; i++)
        {
            if (i >= content.Length || content[i] != magic[i])
            {
                return false;
            }
        }

        return true;
    }
}
