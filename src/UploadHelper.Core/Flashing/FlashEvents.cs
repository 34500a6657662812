using UploadHelper.Core.Errors;

namespace UploadHelper.Core.Flashing;

/// <summary>The phases of work on flash that take time; those of an upload in their order. Progress is counted in bytes.</summary>
public enum FlashPhase
{
    /// <summary>Reading the board, to skip the sectors that are right already.</summary>
    Compare,

    /// <summary>Erasing sectors; counted by their sizes.</summary>
    Erase,

    /// <summary>Writing blocks.</summary>
    Write,

    /// <summary>Reading back and comparing.</summary>
    Verify,

    /// <summary>Writing and comparing the block with the vector table, last of all.</summary>
    Finalize,

    /// <summary>Reading the board; no part of an upload.</summary>
    Read,
}

/// <summary>The plan is made: what will be erased and written.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Unchanged">Bytes of the image that are on the board already, and are skipped.</param>
public sealed record PlanMade(FlashPlan Plan, int Unchanged) : UploadEvent;

/// <summary>A transfer failed, and the upload tries to go on.</summary>
/// <param name="What">What happened, in a sentence.</param>
/// <param name="ReturnsWithin">How long to wait for the board if it is gone; else null.</param>
/// <param name="Number">The number of this attempt, from 1 on.</param>
/// <param name="Most">The number of attempts.</param>
public sealed record Recovering(string What, TimeSpan? ReturnsWithin, int Number, int Most) : UploadEvent;

/// <summary>Progress of one phase.</summary>
/// <param name="Phase">The phase.</param>
/// <param name="Done">Bytes done in this phase.</param>
/// <param name="Total">Bytes of this phase; above zero.</param>
public sealed record FlashProgress(FlashPhase Phase, long Done, long Total) : UploadEvent;

/// <summary>The board does not contain what it was compared with.</summary>
/// <param name="First">The first byte that differs.</param>
public sealed record DifferenceFound(Difference First) : UploadEvent;
