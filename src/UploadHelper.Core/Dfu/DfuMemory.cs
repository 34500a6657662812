using UploadHelper.Core.Dfu.DfuSe;

namespace UploadHelper.Core.Dfu;

/// <summary>One memory of a bootloader: an alternate setting, and the map that its name tells.</summary>
/// <param name="Alternate">The alternate setting through which it is reached.</param>
/// <param name="Map">Its sectors.</param>
public sealed record DfuMemory(DfuAlternate Alternate, MemoryMap Map)
{
    /// <summary>
    /// Where every download begins, and goes on from block to block, whatever the host would like (plain DFU); null where
    /// the host says where a block goes (DfuSe).
    /// </summary>
    public uint? FixedStart { get; init; }
}
