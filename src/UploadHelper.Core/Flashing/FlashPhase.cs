namespace UploadHelper.Core.Flashing;

/// <summary>The parts of working on flash that take time; those of an upload in their order.</summary>
public enum FlashPhase
{
    /// <summary>Reading what is on the board, to leave alone what is right already; counted in bytes.</summary>
    Compare,

    /// <summary>Erasing sectors; counted in bytes of the sectors.</summary>
    Erase,

    /// <summary>Writing blocks; counted in bytes.</summary>
    Write,

    /// <summary>Reading back and comparing; counted in bytes.</summary>
    Verify,

    /// <summary>Writing and comparing the block with the vector table, last of all; counted in bytes.</summary>
    Vectors,

    /// <summary>Reading what is on a board; no part of an upload. Counted in bytes.</summary>
    Read,
}
