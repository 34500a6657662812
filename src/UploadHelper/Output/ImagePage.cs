using UploadHelper.Core.Chips;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Operations;

namespace UploadHelper.Output;

/// <summary>An image in words.</summary>
internal static class ImageText
{
    /// <summary>A part that is left out, and how to avoid it.</summary>
    public static string Of(LeftOutSegment segment) =>
        $"{(segment.Section is null ? "" : $"section {segment.Section}, ")}{segment.Size} bytes at 0x{segment.Address:X8}: RAM or registers, not flash. "
        + "(NOLOAD in the linker script keeps them out of the file.)";

    /// <summary>The page of <c>image</c>: a label and a text per line.</summary>
    public static IEnumerable<(string Label, string Text)> Of(ImageInspection inspection)
    {
        var image = inspection.Image;
        yield return ("format", Format(image.Format) + (image.MadeFor is { } ids ? $", for {ids}" : ""));
        foreach (var line in Segments(inspection))
        {
            yield return line;
        }

        foreach (var segment in image.LeftOut)
        {
            yield return ("left out", Of(segment));
        }

        if (image.Processor != Processor.Arm)
        {
            yield return ("processor", image.Processor.Chip());
        }

        if (inspection.Vectors is { } vectors)
        {
            yield return ("vector table", $"stack pointer 0x{vectors.StackPointer:X8}, reset vector 0x{vectors.Reset:X8}");
        }

        if (inspection.Fit is { } fit)
        {
            yield return ("linked for", fit.LinkedFor is { } address ? $"0x{address:X8}, according to its code pointers" : $"unknown: {fit.Doubt(image.Start)}");
        }

        foreach (var oddity in inspection.Oddities)
        {
            yield return ("unusual", oddity);
        }

        foreach (var line in Fits(inspection))
        {
            yield return line;
        }
    }

    private static IEnumerable<(string Label, string Text)> Segments(ImageInspection inspection)
    {
        var known = inspection.AddressFrom != AddressSource.Unknown;
        foreach (var target in inspection.Image.Targets)
        {
            if (target.Alternate is { } alternate)
            {
                yield return ("target", $"alternate setting {alternate}{(target.Name is null ? "" : $", \"{target.Name}\"")}");
            }

            foreach (var segment in target.Segments)
            {
                yield return (
                    target.Alternate is null ? "segment" : "  element",
                    $"{segment.Data.Length} bytes{(known ? $", 0x{segment.Address:X8} to 0x{segment.End - 1:X8}" : ", and the file does not say where they belong")}");
            }
        }
    }

    private static IEnumerable<(string Label, string Text)> Fits(ImageInspection inspection)
    {
        if (inspection.Defect is { } defect)
        {
            yield return ("fits", $"no board: {defect}");
        }
        else if (!inspection.Image.IsProgram)
        {
            yield return ("fits", "any board with such a memory: it is data, not a program");
        }
        else if (inspection.AddressFrom == AddressSource.Unknown)
        {
            yield return ("fits", "unknown: give the address that it was linked for (--offset)");
        }
        else if (inspection.Bootloaders.Count == 0)
        {
            yield return ("fits", $"no known bootloader; it needs one that starts sketches at 0x{inspection.Image.Start:X8}");
        }

        foreach (var fit in inspection.Bootloaders)
        {
            yield return fit.Refusal is null
                ? ("fits", $"{fit.Name}{(fit.SmallestFlash is { } size ? $" for chips with at least {size / 1024} KiB of flash" : "")}: {fit.Options}")
                : ("does not fit", $"{fit.Name}: {fit.Refusal}");
        }
    }

    private static string Format(ImageFormat format) => format switch
    {
        ImageFormat.RawBinary => "raw binary",
        ImageFormat.IntelHex => "Intel HEX",
        ImageFormat.SRecord => "Motorola S-record",
        ImageFormat.Elf => "ELF",
        ImageFormat.DfuSe => "DfuSe",
        _ => "raw binary with a DFU suffix",
    };
}
