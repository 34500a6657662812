namespace UploadHelper.Core.Dfu.DfuSe;

/// <summary>What a sector's letter in a memory map allows (UM0424): a = 1 to g = 7.</summary>
[Flags]
public enum SectorAccess
{
    /// <summary>The sector can be read.</summary>
    Read = 1,

    /// <summary>The sector can be erased.</summary>
    Erase = 2,

    /// <summary>The sector can be written.</summary>
    Write = 4,
}
