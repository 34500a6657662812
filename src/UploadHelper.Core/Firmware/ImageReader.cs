using UploadHelper.Core.Boards;
using UploadHelper.Core.Firmware.Formats;
using UploadHelper.Core.Uploading;

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
                $"{image.Name} begins at 0x{image.Start:X8}: so the file itself says. It cannot go to 0x{address:X8}. Nothing was erased.",
                (KnownBootloaders.NamesAt(image.Start) is { } names ? $"It was made for {names}. " : "")
                    + "Leave the offset out, or compile the sketch for it: its vector offset decides the address.");
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
