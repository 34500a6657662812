using UploadHelper.Core.Errors;

namespace UploadHelper.Core.Flashing;

/// <summary>The phases of an operation on flash; those of an upload are in order. Progress is counted in bytes.</summary>
public enum FlashPhase
{
    /// <summary>Reading the board, to skip the sectors that are already correct.</summary>
    Compare,

    /// <summary>Erasing sectors; counted by their sizes.</summary>
    Erase,

    /// <summary>Writing blocks.</summary>
    Write,

    /// <summary>Reading back and comparing.</summary>
    Verify,

    /// <summary>Writing and verifying the block with the vector table, at the very end.</summary>
    Finalize,

    /// <summary>Reading the board; not part of an upload.</summary>
    Read,
}

/// <summary>The plan is complete: what will be erased and written.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="Unchanged">Number of image bytes that are already on the board and are skipped.</param>
public sealed record PlanMade(FlashPlan Plan, int Unchanged) : UploadEvent;

/// <summary>A transfer failed, and the upload tries to continue.</summary>
/// <param name="What">What happened, in a sentence.</param>
/// <param name="ReturnsWithin">How long to wait for the board if it has disconnected; otherwise null.</param>
/// <param name="Number">The number of this attempt, starting at 1.</param>
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
