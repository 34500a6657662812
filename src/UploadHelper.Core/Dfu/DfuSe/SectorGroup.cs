namespace UploadHelper.Core.Dfu.DfuSe;

/// <summary>Equal sectors that follow each other, as one "COUNT*SIZE" of a memory map.</summary>
/// <param name="Address">Address of the first sector.</param>
/// <param name="Count">Number of sectors; 0 is legal (mboot's "0*4Kg").</param>
/// <param name="SectorSize">Size of each, in bytes; above 0.</param>
/// <param name="Access">What each of them allows.</param>
public readonly record struct SectorGroup(uint Address, int Count, uint SectorSize, SectorAccess Access)
{
    /// <summary>Address behind the last sector.</summary>
    public long End => Address + (long)Count * SectorSize;
}

/// <summary>One sector: the unit of erasing.</summary>
/// <param name="Address">Its first address.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="Access">What it allows.</param>
public readonly record struct Sector(uint Address, uint Size, SectorAccess Access)
{
    /// <summary>Address behind its last byte.</summary>
    public long End => Address + (long)Size;

    /// <summary>Whether a sketch may be put there: it can be erased and written.</summary>
    public bool IsWritable => (Access & (SectorAccess.Erase | SectorAccess.Write)) == (SectorAccess.Erase | SectorAccess.Write);
}
