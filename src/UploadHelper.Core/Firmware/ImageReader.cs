using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware.Formats;

namespace UploadHelper.Core.Firmware;

/// <summary>Reads image files of every format. What a file is, its content tells, never its name.</summary>
public static class ImageReader
{
    /// <summary>Whether a file carries no address, so that it has to be told where it belongs.</summary>
    public static bool NeedsAddress(ImageFile file) => FormatRecognition.Of(file.Content.Span) is ImageFormat.RawBinary or ImageFormat.Dfu;

    /// <summary>Reads an image file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="address">
    /// Where the user says that the image begins. A format without addresses needs it; for one with addresses it may be
    /// null, and must be true if it is given.
    /// </param>
    /// <exception cref="UploadException">
    /// <see cref="UploadError.ImageUnreadable"/>: the file is empty or broken.
    /// <see cref="UploadError.ImageTooLarge"/>: a raw binary reaches from the flash into RAM.
    /// <see cref="UploadError.AddressMissing"/>: the format carries no address, and none is given.
    /// <see cref="UploadError.ImageLinkedElsewhere"/>: the image begins at another address, or lies wholly in RAM.
    /// </exception>
    public static FirmwareImage Read(ImageFile file, uint? address)
    {
        if (file.Content.IsEmpty)
        {
            throw new UploadException(
                UploadError.ImageUnreadable,
                $"{file.Name} is empty.",
                "Was the sketch compiled? Compile it again and look at the size of the file.");
        }

        var (body, suffix) = DfuSuffix.TakeOff(file);
        var format = FormatRecognition.Of(body.Content.Span);
        var image = format == ImageFormat.RawBinary
            ? RawBinary.Read(body, address, suffix?.MadeFor)
            : Image(body.Name, format, Parts(body, format, suffix), suffix?.MadeFor);
        return address is null || address == image.Start
            ? image
            : throw new UploadException(
                UploadError.ImageLinkedElsewhere,
                $"{image.Name} contains data for 0x{image.Start:X8}, not for 0x{address:X8}. Nothing was erased.",
                "Omit the offset, or compile the sketch for that offset.")
            {
                LinkedFor = image.Start,
            };
    }

    /// <summary>The bytes of a file without an address of its own, a raw binary or a plain .dfu file; null for any other.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.ImageUnreadable"/>: the checksum of a .dfu file is wrong.</exception>
    public static ReadOnlyMemory<byte>? WithoutAddress(ImageFile file)
    {
        var body = DfuSuffix.TakeOff(file).Body.Content;
        return FormatRecognition.Of(body.Span) == ImageFormat.RawBinary ? body : default(ReadOnlyMemory<byte>?);
    }

    private static FileParts Parts(ImageFile body, ImageFormat format, DfuSuffix? suffix) => format switch
    {
        ImageFormat.IntelHex => FileParts.Of(IntelHexReader.Read(body)),
        ImageFormat.SRecord => FileParts.Of(SRecordReader.Read(body)),
        ImageFormat.Elf => ElfReader.Read(body),
        _ => FileParts.Of(DfuSeReader.Read(body, suffix)),
    };

    private static FirmwareImage Image(string name, ImageFormat format, FileParts parts, DfuFileIds? madeFor)
    {
        if (parts.Targets.Count > 0)
        {
            return new FirmwareImage(name, format, parts.Targets, parts.LeftOut, madeFor);
        }

        throw parts.LeftOut.Count == 0
            ? new UploadException(
                UploadError.ImageUnreadable, $"{name} holds no data.", "Was the sketch compiled? Compile it again and look at the size of the file.")
            : new UploadException(
                UploadError.ImageLinkedElsewhere,
                $"{name} was linked for RAM: all it holds, from 0x{parts.LeftOut[0].Address:X8} on, lies in RAM or registers. Nothing was erased.",
                "Link the sketch for flash: does its linker script put the code into FLASH?");
    }
}

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

/// <summary>Reads raw binaries, bytes without an address of their own; plain .dfu files are such ones with a suffix.</summary>
internal static class RawBinary
{
    private const int Smallest = 8;

    /// <summary>Places the bytes of a raw binary at an address.</summary>
    /// <param name="file">The file, without a suffix.</param>
    /// <param name="address">Where its first byte goes.</param>
    /// <param name="madeFor">The device that its suffix named, or null if it had none.</param>
    /// <exception cref="UploadException">
    /// <see cref="UploadError.AddressMissing"/>: no address. <see cref="UploadError.ImageUnreadable"/>: the file is too short for
    /// a vector table, or reaches beyond the address space. <see cref="UploadError.ImageTooLarge"/>: it reaches beyond all flash.
    /// </exception>
    public static FirmwareImage Read(ImageFile file, uint? address, DfuFileIds? madeFor)
    {
        var content = file.Content;
        if (address is not { } start)
        {
            throw new UploadException(
                UploadError.AddressMissing,
                $"It is not known where {file.Name} belongs: {(madeFor is null ? "a .bin" : "a plain .dfu file")} carries no address.",
                "Give the board's vector offset: --offset 0x4000");
        }

        if (content.Length < Smallest)
        {
            throw Unreadable(
                $"{file.Name} has {content.Length} bytes: too few for a stack pointer and a reset vector.",
                "Was the file cut short? Compile the sketch again.");
        }

        if (start + (long)content.Length > 1L << 32)
        {
            throw Unreadable(
                $"{file.Name} has {content.Length} bytes: from 0x{start:X8} they reach beyond the end of the address space.",
                "Check the offset.");
        }

        if (FlashAddress.IsInternalFlash(start) && !FlashAddress.IsInternalFlash(start + (uint)content.Length - 1))
        {
            throw new UploadException(
                UploadError.ImageTooLarge,
                $"{file.Name} has {content.Length} bytes: from 0x{start:X8} they reach beyond the flash of every STM32, to 0x{start + (uint)content.Length - 1:X8}. "
                    + "Something in RAM was put into the file, and what lies between was filled.",
                "Give the .hex or the .elf, from which RAM is left out; or mark that section NOLOAD in the linker script.");
        }

        var format = madeFor is null ? ImageFormat.RawBinary : ImageFormat.Dfu;
        return new FirmwareImage(file.Name, format, [new ImageTarget(null, null, [new Segment(start, content)])], [], madeFor);
    }

    private static UploadException Unreadable(string message, string hint) => new(UploadError.ImageUnreadable, message, hint);
}
