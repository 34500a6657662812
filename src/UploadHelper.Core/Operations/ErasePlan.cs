using UploadHelper.Core.Dfu;
using UploadHelper.Core.Dfu.DfuSe;

namespace UploadHelper.Core.Operations;

/// <summary>What will be erased, and nothing else.</summary>
/// <param name="Memory">The memory.</param>
/// <param name="Sectors">Its sectors, ascending and without a gap; at least one.</param>
public sealed record ErasePlan(DfuMemory Memory, IReadOnlyList<Sector> Sectors)
{
    /// <summary>Address of the first byte.</summary>
    public uint Address => Sectors[0].Address;

    /// <summary>Address behind the last byte.</summary>
    public long End => Sectors[^1].End;

    /// <summary>Number of bytes.</summary>
    public int Size => (int)(End - Address);
}
