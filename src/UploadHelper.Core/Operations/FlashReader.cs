using UploadHelper.Core.Firmware;
using UploadHelper.Core.Flashing;
using UploadHelper.Core.Uploading;

namespace UploadHelper.Core.Operations;

/// <summary>Reads what is on a board.</summary>
/// <param name="session">The board's bootloader.</param>
/// <param name="events">Told how far it is.</param>
public sealed class FlashReader(BootloaderSession session, Action<UploadEvent> events)
{
    /// <summary>Reads a range.</summary>
    /// <param name="address">Address of the first byte; a sector must begin there.</param>
    /// <param name="length">Number of bytes, above zero; null for all up to the end of the memory. Never more: bootloaders crash there.</param>
    /// <param name="alternate">The alternate setting, or null for the one that holds the address.</param>
    /// <exception cref="UploadException">
    /// <see cref="UploadError.NotSupported"/>: the bootloader cannot be read. <see cref="UploadError.NotInMemory"/>,
    /// <see cref="UploadError.NotASectorStart"/>.
    /// </exception>
    /// <exception cref="Usb.UsbException">A transfer failed.</exception>
    /// <exception cref="Dfu.DfuException">The device refused, or answered short.</exception>
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
