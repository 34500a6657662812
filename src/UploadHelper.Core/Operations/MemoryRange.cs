using UploadHelper.Core.Dfu;

namespace UploadHelper.Core.Operations;

/// <summary>Consecutive bytes of one memory of a board; all of them are there.</summary>
/// <param name="Memory">The memory.</param>
/// <param name="Address">Address of the first byte; a sector begins there.</param>
/// <param name="Length">Number of bytes; above zero.</param>
public sealed record MemoryRange(DfuMemory Memory, uint Address, int Length)
{
    /// <summary>Address behind the last byte.</summary>
    public long End => Address + (long)Length;
}
