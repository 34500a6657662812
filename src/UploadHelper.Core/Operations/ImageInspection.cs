using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Protocols;

namespace UploadHelper.Core.Operations;

/// <summary>Where the address of an image comes from.</summary>
public enum AddressSource
{
    /// <summary>The file contains it.</summary>
    File,

    /// <summary>The user gave it.</summary>
    User,

    /// <summary>The code pointers of the image suggest it.</summary>
    CodePointers,

    /// <summary>It is unknown; the image is inspected as if it began at the start of the flash.</summary>
    Unknown,
}

/// <summary>Whether an image fits a bootloader that starts sketches at its address.</summary>
/// <param name="Name">The bootloader.</param>
/// <param name="Options">The upload options for it.</param>
/// <param name="Refusal">Why an upload would be refused; null if it would not be.</param>
public sealed record BootloaderFit(string Name, string Options, string? Refusal)
{
    /// <summary>The size of flash in bytes from which on it fits, if it does not fit every build of the bootloader; otherwise null.</summary>
    public uint? SmallestFlash { get; init; }
}

/// <summary>What is known about an image file without a board.</summary>
/// <param name="Image">The image.</param>
/// <param name="AddressFrom">Where its address comes from.</param>
/// <param name="Vectors">Its vector table; null for data, or if it is too short for one.</param>
/// <param name="Fit">Which address its code pointers suggest; null without a vector table.</param>
/// <param name="Defect">Why no bootloader can start it; null if nothing is wrong with it.</param>
/// <param name="Oddities">What is unusual about it, in whole sentences.</param>
/// <param name="Bootloaders">The bootloaders that start a sketch at its address; none for data, or if it has a defect.</param>
public sealed record ImageInspection(
    FirmwareImage Image, AddressSource AddressFrom, VectorTable? Vectors, LinkAddress? Fit, string? Defect, IReadOnlyList<string> Oddities, IReadOnlyList<BootloaderFit> Bootloaders)
{
    /// <summary>Inspects an image file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="address">The address of the image that the user gave, or null.</param>
    /// <param name="processor">The processor that the user names, or null.</param>
    /// <exception cref="UploadException">
    /// As for <see cref="ImageReader.Read"/>, except that a file without an address is accepted.
    /// </exception>
    public static ImageInspection Of(ImageFile file, uint? address, Processor? processor = null)
    {
        if (ImageReader.WithoutAddress(file) is not { } bytes)
        {
            return Of(Uploader.NamingBootloaders(() => ImageReader.Read(file, address, processor)), AddressSource.File);
        }

        if (address is not null)
        {
            return Of(ImageReader.Read(file, address, processor), AddressSource.User);
        }

        var linkedFor = processor == Processor.RiscV ? null : LinkAddress.Of(new Segment(FlashAddress.FlashBase, bytes)).LinkedFor;
        return Of(ImageReader.Read(file, linkedFor ?? FlashAddress.FlashBase, processor), linkedFor is null ? AddressSource.Unknown : AddressSource.CodePointers);
    }

    /// <summary>Why an upload of an image to a device would be refused, according to the checks of an upload; null if it would not be.</summary>
    /// <param name="image">The image.</param>
    /// <param name="device">The descriptors of the device.</param>
    /// <param name="alternate">The alternate setting that the user selects, or null.</param>
    /// <param name="flashSize">The size of the flash at whose end the bootloader is, where <see cref="SketchPlace.FlashSizes"/> has several; null for the smallest.</param>
    public static string? RefusalBy(FirmwareImage image, DfuDescription device, byte? alternate, uint? flashSize = null)
    {
        try
        {
            var protocol = BootloaderProtocol.Of(device, flashSize: flashSize);
            Preflight.Plan(image, device, protocol.Memories, protocol.Info, alternate, [], _ => { });
            return null;
        }
        catch (UploadException e)
        {
            return WithoutState(e);
        }
    }

    private static ImageInspection Of(FirmwareImage image, AddressSource addressFrom)
    {
        if (!image.IsProgram)
        {
            return new ImageInspection(image, addressFrom, null, null, null, [], []);
        }

        var isLong = image.HasVectorTable && image.VectorSegment.Data.Length >= VectorTable.Smallest;
        var vectors = isLong ? VectorTable.Read(image.VectorSegment.Data.Span) : null;
        var check = ImageCheck.Of(image);

        // If the start of the flash is only an assumption, the image need not fit it.
        var refusal = check.Findings.FirstOrDefault(f => f.Refusal is { } error && (error == UploadError.NoVectorTable || addressFrom != AddressSource.Unknown));
        var defect = refusal is null ? null : WithoutState(refusal.ToException());
        var bootloaders = defect is null && addressFrom != AddressSource.Unknown ? Fits(image) : [];
        return new ImageInspection(
            image, addressFrom, vectors, check.Fit, defect, [.. check.Findings.Where(f => f.Warning is WarningCode.UnusualVectors).Select(f => f.Message)], bootloaders);
    }

    // One line for all bootloaders that differ only in the chip: the image fits if it fits one of the devices. If they differ in the size of
    // the flash, the smallest in which it fits is told with it; if it fits in none, what the largest has to say.
    private static List<BootloaderFit> Fits(FirmwareImage image) =>
    [
        .. BootloaderCatalogue.PlacesAt(image.Start)
            .GroupBy(p => (Name: p.Bootloader.Family + (p.Place.Label is { } label ? $" ({label})" : ""), p.Place.Options))
            .Select(group =>
            {
                var answers = group.SelectMany(p => p.Place.Devices.SelectMany(d => Sizes(p.Place).Select(s => (Size: s, Refusal: RefusalBy(image, d, p.Place.Alternate, s)))))
                    .OrderBy(a => a.Size).ToList();
                var fitting = answers.FindIndex(a => a.Refusal is null);
                return fitting < 0
                    ? new BootloaderFit(group.Key.Name, group.Key.Options, answers[answers[0].Size is null ? 0 : ^1].Refusal)
                    : new BootloaderFit(group.Key.Name, group.Key.Options, null) { SmallestFlash = answers[fitting].Size > answers[0].Size ? answers[fitting].Size : null };
            }),
    ];

    private static IEnumerable<uint?> Sizes(SketchPlace place) => place.FlashSizes.Count == 0 ? [null] : place.FlashSizes.Select(s => (uint?)s);

    // Without a board there is no state of one to report.
    private static string WithoutState(UploadException e) => e.Message.Replace($" {ErrorMessages.NothingErased}", "", StringComparison.Ordinal);
}
