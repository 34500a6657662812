using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware.Formats;

namespace UploadHelper.Core.Firmware;

/// <summary>Reads image files of every format. The format is recognised by the content, never by the file name.</summary>
public static class ImageReader
{
    /// <summary>Whether the file carries no address, so that the user must give one.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.ImageUnreadable"/>: the file is not firmware.</exception>
    public static bool NeedsAddress(ImageFile file) => FormatRecognition.Of(file) is ImageFormat.RawBinary or ImageFormat.Dfu;

    /// <summary>Reads an image file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="address">
    /// The start address that the user gave, or null. A format without addresses requires one; for a format with addresses
    /// it must match.
    /// </param>
    /// <param name="processor">The processor that the user names, or null; a file that names another is refused.</param>
    /// <exception cref="UploadException">
    /// <see cref="UploadError.ImageUnreadable"/>: the file is empty, damaged, not firmware, or for another processor.
    /// <see cref="UploadError.ImageTooLarge"/>: a raw binary extends from flash into RAM.
    /// <see cref="UploadError.AddressMissing"/>: the format carries no address, and none was given.
    /// <see cref="UploadError.ImageLinkedElsewhere"/>: the image begins at another address, or lies entirely in RAM.
    /// </exception>
    public static FirmwareImage Read(ImageFile file, uint? address, Processor? processor = null)
    {
        if (file.Content.IsEmpty)
        {
            throw new UploadException(
                UploadError.ImageUnreadable,
                $"{file.Name} is empty.",
                "Compile the sketch again, and check the size of the file.");
        }

        var (body, suffix) = DfuSuffix.Remove(file);
        var format = FormatRecognition.Of(body);
        var image = format == ImageFormat.RawBinary
            ? RawBinary.Read(body, address, suffix?.MadeFor, processor ?? Processor.Arm)
            : Image(body.Name, format, Parts(body, format, suffix), suffix?.MadeFor, processor);
        return address is null || address == image.Start
            ? image
            : throw new UploadException(
                UploadError.ImageLinkedElsewhere,
                $"{image.Name} begins at 0x{image.Start:X8}, not at 0x{address:X8}. Nothing was erased.",
                "Omit the offset, or compile the sketch for the offset that you gave.")
            {
                LinkedFor = image.Start,
            };
    }

    /// <summary>The bytes of a file that carries no address (a raw binary or a plain .dfu file); null for any other format.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.ImageUnreadable"/>: the checksum of a .dfu file is wrong, or the file is not firmware.</exception>
    public static ReadOnlyMemory<byte>? WithoutAddress(ImageFile file)
    {
        var body = DfuSuffix.Remove(file).Body;
        return FormatRecognition.Of(body) == ImageFormat.RawBinary ? body.Content : default(ReadOnlyMemory<byte>?);
    }

    /// <summary>The device that a file's suffix names; null if it has none.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.ImageUnreadable"/>: the checksum of the suffix is wrong.</exception>
    public static DfuFileIds? MadeFor(ImageFile file) => DfuSuffix.Remove(file).Suffix?.MadeFor;

    private static FileParts Parts(ImageFile body, ImageFormat format, DfuSuffix? suffix) => format switch
    {
        ImageFormat.IntelHex => FileParts.Of(IntelHexReader.Read(body)),
        ImageFormat.SRecord => FileParts.Of(SRecordReader.Read(body)),
        ImageFormat.Elf => ElfReader.Read(body),
        _ => FileParts.Of(DfuSeReader.Read(body, suffix)),
    };

    private static FirmwareImage Image(string name, ImageFormat format, FileParts parts, DfuFileIds? madeFor, Processor? named)
    {
        if (parts.Processor is { } inFile && named is { } other && inFile != other)
        {
            throw new UploadException(
                UploadError.ImageUnreadable,
                $"{name} is a program for {inFile.Chip()}, not for {other.Chip()}. Nothing was erased.",
                "Omit --chip: the file itself says which processor it is for.");
        }

        if (parts.Targets.Count > 0)
        {
            return new FirmwareImage(name, format, parts.Targets, parts.LeftOut, madeFor, parts.Processor ?? named ?? Processor.Arm);
        }

        throw parts.LeftOut.Count == 0
            ? new UploadException(
                UploadError.ImageUnreadable, $"{name} contains no data.", "Compile the sketch again, and check the size of the file.")
            : new UploadException(
                UploadError.ImageLinkedElsewhere,
                $"{name} was linked for RAM: all of its data, from 0x{parts.LeftOut[0].Address:X8} on, is for RAM or registers. Nothing was erased.",
                "Link the sketch for flash: check that its linker script places the code in FLASH.");
    }
}

/// <summary>Recognises a file's format by its content.</summary>
internal static class FormatRecognition
{
    private const int HeadSize = 64;

    /// <summary>The format of a file whose .dfu suffix, if any, was removed.</summary>
    /// <exception cref="UploadException"><see cref="UploadError.ImageUnreadable"/>: the file is not firmware.</exception>
    public static ImageFormat Of(ImageFile file)
    {
        var format = Of(file.Content.Span);
        if (format == ImageFormat.RawBinary)
        {
            ForeignFile.Refuse(file);
        }

        return format;
    }

    private static ImageFormat Of(ReadOnlySpan<byte> content)
    {
        // A raw binary cannot be mistaken for one of these: it begins with a stack pointer, and none looks like their first bytes.
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

/// <summary>Reads raw binaries, which carry no address. A plain .dfu file is a raw binary with a suffix.</summary>
internal static class RawBinary
{
    private const int Smallest = 8;

    /// <summary>Places the bytes of a raw binary at an address.</summary>
    /// <param name="file">The file without its suffix.</param>
    /// <param name="address">Where its first byte goes.</param>
    /// <param name="madeFor">The device that its suffix names, or null without a suffix.</param>
    /// <param name="processor">The processor that it is for.</param>
    /// <exception cref="UploadException">
    /// <see cref="UploadError.AddressMissing"/>: no address. <see cref="UploadError.ImageUnreadable"/>: the file is too short for
    /// a vector table, or extends beyond the address space. <see cref="UploadError.ImageTooLarge"/>: it extends beyond all flash.
    /// </exception>
    public static FirmwareImage Read(ImageFile file, uint? address, DfuFileIds? madeFor, Processor processor)
    {
        var content = file.Content;
        if (address is not { } start)
        {
            throw new UploadException(
                UploadError.AddressMissing,
                $"Cannot tell where {file.Name} belongs: a {(madeFor is null ? ".bin" : "plain .dfu")} file carries no address.",
                "Give the offset at which this board's bootloader starts sketches: --offset OFFSET. `upload-helper list` shows the memory of the board.");
        }

        if (content.Length < Smallest && processor == Processor.Arm && FlashAddress.IsInternalFlash(start))
        {
            throw Unreadable(
                $"{file.Name} is too short for a stack pointer and a reset vector: it has {content.Length} of {Smallest} bytes.",
                "The file may have been truncated. Compile the sketch again.");
        }

        if (start + (long)content.Length > 1L << 32)
        {
            throw Unreadable(
                $"{file.Name} ({content.Length} bytes) does not fit at 0x{start:X8}: it would extend beyond the 32-bit address space.",
                "Check the offset.");
        }

        if (FlashAddress.IsInternalFlash(start) && !FlashAddress.IsInternalFlash(start + (uint)content.Length - 1))
        {
            throw new UploadException(
                UploadError.ImageTooLarge,
                $"{file.Name} ({content.Length} bytes) does not fit into the flash of any STM32: from 0x{start:X8} it would extend to 0x{start + (uint)content.Length - 1:X8}. "
                    + "The file probably includes data for RAM, and padding between flash and RAM.",
                "Use the .hex or .elf file, from which data for RAM is left out; or mark the section for RAM NOLOAD in the linker script.");
        }

        var format = madeFor is null ? ImageFormat.RawBinary : ImageFormat.Dfu;
        return new FirmwareImage(file.Name, format, [new ImageTarget(null, null, [new Segment(start, content)])], [], madeFor, processor);
    }

    private static UploadException Unreadable(string message, string hint) => new(UploadError.ImageUnreadable, message, hint);
}
