using UploadHelper.Core.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Flashing;

/// <summary>Simpler ways to read through a bootloader.</summary>
public static class BootloaderReading
{
    /// <summary>Whether a failed reading means that the board lets nothing be read, as one with read protection does (AN3156: errVENDOR).</summary>
    public static bool IsRefusal(Exception e) => e is DfuException { Status: not null } or UsbException { Fault: UsbFault.Stall };

    /// <summary>Reads consecutive bytes, block by block, until there is no more need.</summary>
    /// <param name="bootloader">The bootloader, with the memory selected.</param>
    /// <param name="address">Address of the first byte.</param>
    /// <param name="length">How many; the flash reaches at least as far.</param>
    /// <param name="block">Called with each block and its address as it comes; false ends the reading.</param>
    /// <exception cref="Usb.UsbException">A transfer failed.</exception>
    /// <exception cref="Dfu.DfuException">The device refused, or answered short.</exception>
    public static void Read(this IBootloader bootloader, uint address, int length, Func<uint, ReadOnlyMemory<byte>, bool> block) =>
        bootloader.Read(address, length, (from, data) => block(from, data) ? from + (long)data.Length : address + (long)length);
}
