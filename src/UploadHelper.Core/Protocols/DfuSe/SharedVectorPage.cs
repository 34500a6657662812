using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;

namespace UploadHelper.Core.Protocols.DfuSe;

/// <summary>
/// A bootloader that keeps its own vectors in the first page of the sketch (h0wch33/stm32f1_dfu). It ignores an erase of
/// that page, and erases it when a block is written to it. So this class erases the page by writing a block without a
/// sketch's vectors: from then on, the half-written sketch is not started, as on every other board.
/// It reads the page as the sketch that was written, so that it can be compared: the stack pointer and reset vector are those
/// that the device keeps for the sketch, and the words where it keeps them are 0.
/// </summary>
/// <param name="bootloader">The bootloader.</param>
/// <param name="kept">Where it keeps the sketch's stack pointer and reset vector.</param>
/// <param name="erased">What an erased byte reads as.</param>
public sealed class SharedVectorPage(IBootloader bootloader, KeptVectors kept, byte erased) : IBootloader
{
    private const uint Page = FlashAddress.FlashBase;

    /// <inheritdoc/>
    public bool CanRead => bootloader.CanRead;

    /// <inheritdoc/>
    public bool WriteErases => true;

    /// <inheritdoc/>
    public void Erase(Sector sector)
    {
        if (sector.Address != Page)
        {
            bootloader.Erase(sector);
            return;
        }

        var blank = new byte[kept.Offset + KeptVectors.Size];
        blank.AsSpan(0, kept.Offset).Fill(erased);
        bootloader.Write(Page, blank, _ => { });
    }

    /// <inheritdoc/>
    public void Write(uint address, ReadOnlyMemory<byte> data, Action<int> written) => bootloader.Write(address, data, written);

    /// <inheritdoc/>
    public void Read(uint address, int length, Func<uint, ReadOnlyMemory<byte>, long> next)
    {
        if (address >= kept.Address + KeptVectors.Size)
        {
            bootloader.Read(address, length, next);
            return;
        }

        var vectors = new byte[KeptVectors.Size];
        bootloader.Read(kept.Address, vectors.Length, (from, block) =>
        {
            block.CopyTo(vectors.AsMemory((int)(from - kept.Address)));
            return from + (long)block.Length;
        });
        bootloader.Read(address, length, (from, block) => next(from, AsSketch(from, block, vectors)));
    }

    /// <inheritdoc/>
    public void Leave(uint address) => bootloader.Leave(address);

    private ReadOnlyMemory<byte> AsSketch(uint from, ReadOnlyMemory<byte> block, byte[] vectors)
    {
        // Without a sketch's vectors the page counts as erased.
        var atKept = new byte[KeptVectors.Size];
        if (!vectors.AsSpan().ContainsAnyExcept(erased))
        {
            atKept.AsSpan().Fill(erased);
        }

        var data = block.ToArray();
        Place(data, from, Page, vectors);
        Place(data, from, kept.Address, atKept);
        return data;
    }

    // Puts those of the bytes into a block that lie in it.
    private static void Place(byte[] block, uint from, uint address, byte[] bytes)
    {
        for (var i = 0; i < bytes.Length; i++)
        {
            if (address + i - (long)from is >= 0 and var at && at < block.Length)
            {
                block[at] = bytes[i];
            }
        }
    }
}
