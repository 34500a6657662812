using UploadHelper.Core.Chips;
using UploadHelper.Core.Protocols.Dfu;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Protocols;

/// <summary>A bootloader that is ready to be written through: what writing and reading need of it.</summary>
public interface IBootloader
{
    /// <summary>Whether its flash can be read back.</summary>
    bool CanRead { get; }

    /// <summary>Whether it writes only from its base upwards, without leaving anything out.</summary>
    bool IsSequential => false;

    /// <summary>Whether <see cref="Leave"/> can start the program; if not, only the RESET button does.</summary>
    bool CanLeave => true;

    /// <summary>Erases a sector, at the latest before something is read, the bootloader is left, or <see cref="Flush"/> returns.</summary>
    /// <exception cref="UsbException">A transfer failed.</exception>
    /// <exception cref="DfuException">The device refused.</exception>
    void Erase(Sector sector);

    /// <summary>Carries out what was put off.</summary>
    /// <exception cref="UsbException">A transfer failed.</exception>
    /// <exception cref="DfuException">The device refused.</exception>
    void Flush()
    {
    }

    /// <summary>Writes consecutive bytes to erased flash, block by block.</summary>
    /// <param name="address">Where the first byte goes.</param>
    /// <param name="data">The bytes, padded as the device needs it.</param>
    /// <param name="written">Called after each block with its length.</param>
    /// <exception cref="UsbException">A transfer failed.</exception>
    /// <exception cref="DfuException">The device refused.</exception>
    void Write(uint address, ReadOnlyMemory<byte> data, Action<int> written);

    /// <summary>Reads bytes of a range, block by block, and hands each block on.</summary>
    /// <param name="address">Address of the first byte.</param>
    /// <param name="length">How many; the flash reaches at least as far.</param>
    /// <param name="next">
    /// Called with each block and its address as it comes. Returns the address to go on at: the end of the block, an
    /// address further on to leave bytes out, or one past the range to end. A block that holds an address is read whole.
    /// </param>
    /// <exception cref="UsbException">A transfer failed, or the device answered short; after a STALL it is idle again.</exception>
    /// <exception cref="DfuException">The device refused, and is idle again.</exception>
    void Read(uint address, int length, Func<uint, ReadOnlyMemory<byte>, long> next);

    /// <summary>Ends the bootloader and starts the program at an address. A device that is gone afterwards has done it.</summary>
    /// <exception cref="UsbException">A transfer failed before the request to leave was made.</exception>
    /// <exception cref="DfuException">The device refused.</exception>
    void Leave(uint address);
}

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
    /// <exception cref="UsbException">A transfer failed.</exception>
    /// <exception cref="DfuException">The device refused, or answered short.</exception>
    public static void Read(this IBootloader bootloader, uint address, int length, Func<uint, ReadOnlyMemory<byte>, bool> block) =>
        bootloader.Read(address, length, (from, data) => block(from, data) ? from + (long)data.Length : address + (long)length);
}
