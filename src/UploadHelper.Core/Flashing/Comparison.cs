using UploadHelper.Core.Firmware;

namespace UploadHelper.Core.Flashing;

/// <summary>A byte that is not what it should be.</summary>
/// <param name="Address">Where.</param>
/// <param name="Wanted">What should be there.</param>
/// <param name="Found">What is there.</param>
public readonly record struct Difference(uint Address, byte Wanted, byte Found);

/// <summary>Compares what is on a board with what should be.</summary>
public static class Comparison
{
    /// <summary>Reads up to the first byte that differs.</summary>
    /// <param name="bootloader">The bootloader, with the memory selected.</param>
    /// <param name="wanted">What should be there.</param>
    /// <param name="compared">Called after each block with the number of equal bytes in it.</param>
    /// <returns>The difference, or null if there is none.</returns>
    /// <exception cref="Usb.UsbException">A transfer failed.</exception>
    /// <exception cref="Dfu.DfuException">The device refused, or answered short.</exception>
    public static Difference? FirstDifference(IBootloader bootloader, Segment wanted, Action<int> compared)
    {
        Difference? difference = null;
        bootloader.Read(wanted.Address, wanted.Data.Length, (address, read) =>
        {
            var here = wanted.Data.Span.Slice((int)(address - wanted.Address), read.Length);
            var same = here.CommonPrefixLength(read.Span);
            compared(same);
            if (same < read.Length)
            {
                difference = new Difference(address + (uint)same, here[same], read.Span[same]);
            }

            return difference is null;
        });
        return difference;
    }
}
