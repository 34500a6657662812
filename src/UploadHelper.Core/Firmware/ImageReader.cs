using UploadHelper.Core.Boards;
using UploadHelper.Core.Firmware.Formats;
using UploadHelper.Core.Uploading;

namespace UploadHelper.Core.Firmware;

/// <summary>Reads image files of every format. What a file is, its content tells, never its name.</summary>
public static class ImageReader
{
    /// <summary>Reads an image file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="address">
    /// Where the user says that the image begins. A format without addresses needs it; for one with addresses it may be
    /// null, and must be true if it is given.
    /// </param>
    /// <exception cref="UploadException">
    /// <see cref="UploadError.ImageUnreadable"/>: the file is empty or broken.
    /// <see cref="UploadError.Usage"/>: the format carries no address, and none is given.
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

        var image = FormatRecognition.Of(file.Content.Span) switch
        {
            ImageFormat.IntelHex => WithoutRam(file, ImageFormat.IntelHex, [new ImageTarget(null, null, IntelHexReader.Read(file))]),
            ImageFormat.SRecord => WithoutRam(file, ImageFormat.SRecord, [new ImageTarget(null, null, SRecordReader.Read(file))]),
            _ => RawBinary.Read(file, address),
        };
        return address is null || address == image.Start
            ? image
            : throw new UploadException(
                UploadError.ImageLinkedElsewhere,
                $"{image.Name} begins at 0x{image.Start:X8}: so the file itself says. It cannot go to 0x{address:X8}. Nothing was erased.",
                "Leave the offset out, or compile the sketch for it: its vector offset decides the address.");
    }

    private static FirmwareImage WithoutRam(ImageFile file, ImageFormat format, IReadOnlyList<ImageTarget> targets)
    {
        var leftOut = targets.SelectMany(t => t.Segments).Where(RamMap.IsVolatile).Select(s => new LeftOutSegment(s.Address, s.Data.Length, null));
        var kept = targets.Select(t => t with { Segments = [.. t.Segments.Where(s => !RamMap.IsVolatile(s))] }).Where(t => t.Segments.Count > 0);
        return Image(file, format, [.. kept], [.. leftOut], null);
    }

    private static FirmwareImage Image(
        ImageFile file, ImageFormat format, IReadOnlyList<ImageTarget> targets, IReadOnlyList<LeftOutSegment> leftOut, DfuFileIds? madeFor)
    {
        if (targets.Count > 0)
        {
            return new FirmwareImage(file.Name, format, targets, leftOut, madeFor);
        }

        throw leftOut.Count == 0
            ? new UploadException(
                UploadError.ImageUnreadable, $"{file.Name} holds no data.", "Was the sketch compiled? Compile it again and look at the size of the file.")
            : new UploadException(
                UploadError.ImageLinkedElsewhere,
                $"{file.Name} was linked for RAM: all it holds, from 0x{leftOut[0].Address:X8} on, lies in RAM or registers. Nothing was erased.",
                "Link the sketch for flash: does its linker script put the code into FLASH?");
    }
}
