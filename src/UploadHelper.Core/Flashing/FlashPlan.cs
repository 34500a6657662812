using UploadHelper.Core.Dfu.DfuSe;
using UploadHelper.Core.Firmware;

namespace UploadHelper.Core.Flashing;

/// <summary>What will be erased and written, and nothing else.</summary>
/// <param name="Start">Address of the vector table.</param>
/// <param name="Sectors">The sectors to erase, in this order: that of the vector table first.</param>
/// <param name="Runs">What to write, padded for the device: everything but the vector table's block, ascending.</param>
/// <param name="VectorBlock">The block that begins with the vector table; written last.</param>
/// <param name="Image">The bytes that must be in flash in the end.</param>
public sealed record FlashPlan(
    uint Start,
    IReadOnlyList<Sector> Sectors,
    IReadOnlyList<Segment> Runs,
    Segment VectorBlock,
    FirmwareImage Image)
{
    /// <summary>Number of bytes that will be written, padding included.</summary>
    public int BytesToWrite => Runs.Sum(r => r.Data.Length) + VectorBlock.Data.Length;

    /// <summary>Number of bytes that will be erased.</summary>
    public long BytesToErase => Sectors.Sum(s => (long)s.Size);
}
