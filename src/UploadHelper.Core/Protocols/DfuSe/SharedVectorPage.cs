using UploadHelper.Core.Chips;

namespace UploadHelper.Core.Protocols.DfuSe;

/// <summary>
/// A bootloader that keeps its own vectors in the first page of the sketch (h0wch33/stm32f1_dfu). It ignores an erase of
/// that page, and erases it when a block is written to it. So this class erases the page by writing a block without a
/// sketch's vectors: from then on, the half-written sketch is not started, as on every other board.
/// </summary>
/// <param name="bootloader">The bootloader.</param>
/// <param name="page">The address of the page.</param>
public sealed class SharedVectorPage(IBootloader bootloader, uint page) : IBootloader
{
    // Where the device keeps the sketch's stack pointer and reset vector; it must find 0 there.
    private const int SketchVectors = 0x1C;
    private const int SketchVectorsSize = 8;

    /// <inheritdoc/>
    public bool CanRead => bootloader.CanRead;

    /// <inheritdoc/>
    public bool WriteErases => true;

    /// <inheritdoc/>
    public void Erase(Sector sector)
    {
        if (sector.Address != page)
        {
            bootloader.Erase(sector);
            return;
        }

        var blank = new byte[SketchVectors + SketchVectorsSize];
        blank.AsSpan(0, SketchVectors).Fill(0xFF);
        bootloader.Write(page, blank, _ => { });
    }

    /// <inheritdoc/>
    public void Write(uint address, ReadOnlyMemory<byte> data, Action<int> written) => bootloader.Write(address, data, written);

    /// <inheritdoc/>
    public void Read(uint address, int length, Func<uint, ReadOnlyMemory<byte>, long> next) => bootloader.Read(address, length, next);

    /// <inheritdoc/>
    public void Leave(uint address) => bootloader.Leave(address);
}
