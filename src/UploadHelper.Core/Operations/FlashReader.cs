using UploadHelper.Core.Connecting;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Protocols;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Operations;

/// <summary>Reads the flash of a board.</summary>
/// <param name="session">The board's bootloader.</param>
/// <param name="events">Receives progress.</param>
public sealed class FlashReader(BootloaderSession session, Action<UploadEvent> events)
{
    /// <summary>Reads a range.</summary>
    /// <param name="address">Address of the first byte; a sector must begin there.</param>
    /// <param name="length">Number of bytes, above zero; null up to the end of the memory. More than that is refused: bootloaders crash there.</param>
    /// <param name="alternate">The alternate setting, or null for the one whose memory contains the address.</param>
    /// <exception cref="UploadException">
    /// <see cref="UploadError.NotSupported"/>: the bootloader does not allow reading. <see cref="UploadError.NotInMemory"/>,
    /// <see cref="UploadError.NotASectorStart"/>.
    /// </exception>
    /// <exception cref="UsbException">A transfer failed.</exception>
    /// <exception cref="DfuException">The device refused, or returned too few bytes.</exception>
    public Segment Read(uint address, long? length, byte? alternate)
    {
        var range = new MemoryRanges(session.Memories, alternate).From(address, length);
        var bootloader = session.Readable(range.Memory);
        var data = new byte[range.Length];
        events(new FlashProgress(FlashPhase.Read, 0, data.Length));
        bootloader.Read(range.Address, range.Length, (from, read) =>
        {
            var at = (int)(from - range.Address);
            read.CopyTo(data.AsMemory(at));
            events(new FlashProgress(FlashPhase.Read, at + read.Length, data.Length));
            return true;
        });
        return new Segment(range.Address, data);
    }
}

/// <summary>Compares the flash of a board with an image. Writes nothing.</summary>
/// <param name="session">The board's bootloader.</param>
/// <param name="events">Receives progress and the first difference.</param>
public sealed class ImageVerifier(BootloaderSession session, Action<UploadEvent> events)
{
    /// <summary>Compares every byte of an image, up to the first that differs.</summary>
    /// <param name="image">The image.</param>
    /// <param name="alternate">The alternate setting that the user selects, or null to go by the file or the addresses.</param>
    /// <exception cref="UploadException">
    /// <see cref="UploadError.VerifyFailed"/>: the board contains something else. <see cref="UploadError.NotInMemory"/>: it has no
    /// such memory. <see cref="UploadError.NotASectorStart"/>: no sector begins where the image does. <see cref="UploadError.NotSupported"/>: its bootloader does not allow reading.
    /// </exception>
    /// <exception cref="UsbException">A transfer failed.</exception>
    /// <exception cref="DfuException">The device refused, or returned too few bytes.</exception>
    public void Verify(FirmwareImage image, byte? alternate)
    {
        // Find all memories before the first byte is read.
        var parts = image.Targets.SelectMany(t => t.Segments.Select(s => (Segment: s, RangeOf(image, s, alternate ?? t.Alternate).Memory))).ToList();
        long done = 0;
        foreach (var (segment, memory) in parts)
        {
            var difference = Comparison.FirstDifference(
                session.Readable(memory), segment, same => events(new FlashProgress(FlashPhase.Verify, done += same, image.Size)));
            if (difference is { } found)
            {
                events(new DifferenceFound(found));
                throw new UploadException(
                    UploadError.VerifyFailed,
                    $"The board does not contain {image.Name}: at 0x{found.Address:X8} the file has 0x{found.Wanted:X2}, but the board has 0x{found.Found:X2}. "
                        + ErrorMessages.Unchanged,
                    "If this sketch should be on the board, upload it again. A sketch that stores data in its own flash area differs there.");
            }
        }
    }

    // A sketch must begin at the start of a sector.
    private MemoryRange RangeOf(FirmwareImage image, Segment segment, byte? alternate)
    {
        var ranges = new MemoryRanges(session.Memories, alternate);
        return image.HasVectorTable && segment.Address == image.Start
            ? ranges.From(segment.Address, segment.Data.Length)
            : ranges.Within(segment.Address, segment.Data.Length);
    }
}
