using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Operations;

/// <summary>A file with a bootloader, checked as far as that is possible without a board.</summary>
/// <param name="Bootloader">Which bootloader the user wants; it has an <see cref="BootloaderInfo.Installation"/>.</param>
/// <param name="Image">What is in the file.</param>
/// <param name="Sha256">The checksum of its bytes.</param>
/// <param name="Build">The published build that it is, byte for byte; null if it is none that is known.</param>
public sealed record BootloaderFile(BootloaderInfo Bootloader, FirmwareImage Image, string Sha256, PublishedBuild? Build) : UploadEvent
{
    /// <summary>Reads and checks a file. What is certainly wrong is refused, a build that is not known only warns.</summary>
    /// <param name="file">The file.</param>
    /// <param name="wanted">The bootloader that it should contain.</param>
    /// <param name="installable">All bootloaders that can be installed.</param>
    /// <param name="overridden">The checks that only warn.</param>
    /// <param name="events">Receives the result, and warnings.</param>
    /// <exception cref="UploadException">It is not firmware, or not this bootloader.</exception>
    public static BootloaderFile Read(
        ImageFile file, BootloaderInfo wanted, IReadOnlyList<BootloaderInfo> installable, IReadOnlyList<Override> overridden, Action<UploadEvent> events)
    {
        var image = Parse(file, wanted);
        var sha256 = Firmware.Sha256.Of(image.VectorSegment.Data.Span);
        var read = new BootloaderFile(wanted, image, sha256, image.Segments.Count == 1 ? wanted.Installation!.BuildIn(image.VectorSegment.Data.Span) : null);
        if (read.Build is null)
        {
            read.Check(installable, overridden, events);
        }

        events(read);
        if (read.Build is null && wanted.Installation!.Builds.Count > 0)
        {
            events(new UploadWarning(
                WarningCode.UnknownBuild,
                $"{image.Name} is not one of the published builds of {wanted.Name} (version {wanted.Installation.Version}).",
                $"If it is a newer build or your own, there is nothing to do. Otherwise download it again. {Files(wanted)}"));
        }

        return read;
    }

    private static FirmwareImage Parse(ImageFile file, BootloaderInfo wanted)
    {
        try
        {
            return ImageReader.Read(file, ImageReader.NeedsAddress(file) ? FlashAddress.FlashBase : null);
        }
        catch (UploadException e) when (e.Error == UploadError.ImageUnreadable)
        {
            throw new UploadException(e.Error, $"{e.Message} {ErrorMessages.NothingErased}", $"{e.Hint} {Files(wanted)}", e);
        }
    }

    // The most certain reasons first.
    private void Check(IReadOnlyList<BootloaderInfo> installable, IReadOnlyList<Override> overridden, Action<UploadEvent> events)
    {
        var installation = Bootloader.Installation!;
        var program = Image.VectorSegment.Data.Span;
        foreach (var other in installable)
        {
            if (other.Installation!.BuildIn(program) is not null || (!installation.IsIn(program) && other.Installation.IsIn(program)))
            {
                throw Refused(
                    UploadError.NotForThisDevice,
                    $"it is a build of another bootloader: {other.Name}",
                    $"If you want that one: upload-helper install-bootloader {other.Installation.Name} {Image.Name}");
            }
        }

        if (Image.Start != FlashAddress.FlashBase)
        {
            throw Sketch($"it begins at 0x{Image.Start:X8}, but a bootloader begins at 0x{FlashAddress.FlashBase:X8}", Image.Start);
        }

        var check = ImageCheck.Of(Image);
        if (check.Fit?.LinkedFor is { } linked && linked != FlashAddress.FlashBase)
        {
            throw Sketch($"it was linked for 0x{linked:X8}, but a bootloader is linked for 0x{FlashAddress.FlashBase:X8}", linked);
        }

        CheckSize(installation);
        Preflight.Pass([.. check.Refusals.Select(r => new Refusal(r, null)), .. Foreign(installation)], overridden, events);
    }

    private void CheckSize(Installation installation)
    {
        var end = FlashAddress.FlashBase + installation.Area;
        if (Image.End <= end)
        {
            return;
        }

        var sketch = Image.Segments
            .Where(s => s.Address <= end && s.End > end && installation.IsIn(Image.VectorSegment.Data.Span))
            .Select(s => new Segment((uint)end, s.Data[(int)(end - s.Address)..]))
            .Where(VectorTable.BeginsProgram)
            .Cast<Segment?>()
            .FirstOrDefault();
        throw sketch is { } behind
            ? Refused(
                UploadError.ImageTooLarge,
                $"it is a bootloader with a sketch behind it, at 0x{behind.Address:X8}",
                $"Take the file with the bootloader alone. {Files(Bootloader)}")
            : Refused(
                UploadError.ImageTooLarge,
                $"it has {Image.Size} bytes, and {Bootloader.Name} at most {installation.Area}",
                $"Is it a sketch? `upload-helper image {Image.Name}` shows what is in it. {Files(Bootloader)}");
    }

    // What its own device descriptor says that it is.
    private IEnumerable<Refusal> Foreign(Installation installation)
    {
        var ids = Image.Segments.SelectMany(s => UsbDescriptors.DeviceIdsIn(s.Data.Span)).Distinct().ToList();
        if (ids.Contains(installation.Id))
        {
            yield break;
        }

        var what = ids.Count == 0
            ? $"it contains no USB ids, and a build of this bootloader contains {installation.Id}: it may be truncated, or another program"
            : $"it would appear on USB as {string.Join(" and ", ids.Select(Described))}, and this bootloader as {installation.Id}";
        yield return new(
            new UploadException(
                UploadError.NotForThisDevice,
                $"{Image.Name} is not {Bootloader.Name}: {what}. {ErrorMessages.NothingErased}",
                Files(Bootloader))
            {
                Override = Override.Ids,
            },
            null);
    }

    private static string Files(BootloaderInfo bootloader) => $"See {bootloader.Installation!.Page} for the bootloader's files.";

    private static string Described(UsbId id) => BootloaderCatalogue.Find(id) is { } known ? $"{id} ({known.Name})" : $"{id}";

    private UploadException Sketch(string why, uint address) => Refused(
        UploadError.ImageLinkedElsewhere,
        $"{why}. It is a sketch{(BootloaderCatalogue.NamesAt(address) is { } names ? $" for {names}" : "")}, or a part of a program",
        $"The bootloader goes onto the chip first, and the sketch later. {Files(Bootloader)}");

    private UploadException Refused(UploadError error, string why, string hint) => new(
        error, $"{Image.Name} cannot be installed as {Bootloader.Name}: {why}. {ErrorMessages.NothingErased}", hint);
}
