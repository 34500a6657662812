using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.Benchmarks.Exact;

/// <summary>The time that a board needs by itself, from the same model of flash and bus that the virtual boards have.</summary>
/// <param name="part">Its flash.</param>
/// <param name="times">The times of the accesses that its bootloader uses; the data sheet's typical ones count.</param>
/// <param name="address">Where the image begins.</param>
/// <param name="size">Its size in bytes.</param>
/// <param name="transferSize">wTransferSize.</param>
public sealed class Limit(Part part, FlashTimes times, uint address, int size, int transferSize)
{
    private static readonly TimeSpan ReadPerKiB = TimeSpan.FromMilliseconds(4.5);

    /// <summary>One read-back of the image: 4.5 ms a KiB.</summary>
    public TimeSpan Read => ReadPerKiB * size / 1024;

    /// <summary>Erasing the touched sectors, programming the image, and three transfers for each block.</summary>
    public TimeSpan Write => part.Sectors.Where(s => s.Address < address + (long)size && s.End > address)
            .Aggregate(TimeSpan.Zero, (sum, s) => sum + times.Erase(s.Size).Typical)
        + times.Program.Typical * ((size + times.Width - 1) / times.Width)
        + BusModel.TransferTime * 3 * ((size + transferSize - 1) / transferSize);

    /// <summary>The whole upload with its verification; without it where the board cannot be read.</summary>
    public TimeSpan Upload(bool canRead) => canRead ? Write + Read : Write;
}
