namespace UploadHelper.VirtualBoard.Flash;

/// <summary>What goes wrong with the next operation of a flash that it can happen to.</summary>
internal enum FlashFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The power fails in the middle of an erase: half of the sector is erased.</summary>
    CutErase,

    /// <summary>The power fails in the middle of programming: half of it is done, the last unit only in part.</summary>
    CutProgram,

    /// <summary>Nothing is done, and nobody notices.</summary>
    Ignored,

    /// <summary>A bit that is to become 0 stays 1.</summary>
    StuckBit,
}
