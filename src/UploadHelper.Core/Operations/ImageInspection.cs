using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;

namespace UploadHelper.Core.Operations;

/// <summary>How it is known where an image begins.</summary>
public enum AddressSource
{
    /// <summary>Its file says so.</summary>
    File,

    /// <summary>The user says so.</summary>
    User,

    /// <summary>Its code pointers speak for it.</summary>
    CodePointers,

    /// <summary>It is not known; the image is looked at as if it began at the start of the flash.</summary>
    Unknown,
}

/// <summary>A bootloader that starts sketches where an image begins.</summary>
/// <param name="Bootloader">The bootloader.</param>
/// <param name="Refusal">Why the image does not fit it all the same; null if it does.</param>
public sealed record BootloaderFit(KnownBootloader Bootloader, string? Refusal);

/// <summary>What an image file tells of itself, without any board.</summary>
/// <param name="Image">The image.</param>
/// <param name="AddressFrom">How it is known where it begins.</param>
/// <param name="Vectors">Its vector table; null for data, or if it is too short for one.</param>
/// <param name="Fit">Which address its code pointers speak for; null without a vector table.</param>
/// <param name="Defect">Why no bootloader could start it, in half a sentence; null if nothing speaks against it.</param>
/// <param name="Bootloaders">The bootloaders that start a sketch at its address; none for data, or if it has a defect.</param>
public sealed record ImageInspection(
    FirmwareImage Image, AddressSource AddressFrom, VectorTable? Vectors, LinkAddress? Fit, string? Defect, IReadOnlyList<BootloaderFit> Bootloaders)
{
    /// <summary>Looks at an image file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="address">Where the user says that the image begins, or null.</param>
    /// <exception cref="UploadException">
    /// As by <see cref="ImageReader.Read"/>, but a file without an address needs none.
    /// </exception>
    public static ImageInspection Of(ImageFile file, uint? address)
    {
        if (ImageReader.WithoutAddress(file) is not { } bytes)
        {
            return Of(ImageReader.Read(file, address), AddressSource.File);
        }

        if (address is not null)
        {
            return Of(ImageReader.Read(file, address), AddressSource.User);
        }

        var linkedFor = LinkAddress.Of(new Segment(FlashAddress.FlashBase, bytes)).LinkedFor;
        return Of(ImageReader.Read(file, linkedFor ?? FlashAddress.FlashBase), linkedFor is null ? AddressSource.Unknown : AddressSource.CodePointers);
    }

    private static ImageInspection Of(FirmwareImage image, AddressSource addressFrom)
    {
        if (!image.HasVectorTable || image.VectorSegment.Data.Length < VectorTable.Smallest)
        {
            return new ImageInspection(image, addressFrom, null, null, image.HasVectorTable ? "it is too short for a vector table" : null, []);
        }

        var vectors = VectorTable.Read(image.VectorSegment.Data.Span);
        var fit = LinkAddress.Of(image);
        var defect = DefectOf(image, vectors, fit, addressFrom);
        var bootloaders = defect is null && addressFrom != AddressSource.Unknown ? KnownBootloaders.At(image.Start) : [];
        return new ImageInspection(image, addressFrom, vectors, fit, defect, [.. bootloaders.Select(b => new BootloaderFit(b, b.Refusal(image)))]);
    }

    private static string? DefectOf(FirmwareImage image, VectorTable vectors, LinkAddress fit, AddressSource addressFrom) =>
        !RamMap.FitsStack(vectors.StackPointer) ? $"its first word, 0x{vectors.StackPointer:X8}, is no stack pointer into a RAM of an STM32"
        : vectors.Reset % 2 == 0 ? $"its second word, 0x{vectors.Reset:X8}, is no reset vector (those are odd)"
        : addressFrom == AddressSource.Unknown ? null
        : fit.LinkedFor is { } linkedFor && linkedFor != image.Start ? $"it was linked for 0x{linkedFor:X8}"
        : vectors.Misfit(image) is { } handler ? $"its handler at 0x{handler:X8} lies outside of it"
        : null;
}
