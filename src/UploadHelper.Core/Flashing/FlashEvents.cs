using UploadHelper.Core.Errors;

namespace UploadHelper.Core.Flashing;

/// <summary>It is settled what will be erased and written.</summary>
/// <param name="Plan">What.</param>
/// <param name="Unchanged">Bytes of the image that are on the board already, and are left alone.</param>
public sealed record PlanMade(FlashPlan Plan, int Unchanged) : UploadEvent;

/// <summary>A transfer failed, and the upload tries to go on all the same.</summary>
/// <param name="What">What happened, in a sentence.</param>
/// <param name="ComesBack">How long the board is waited for, if it is gone.</param>
/// <param name="Number">Which try this is, from 1 on.</param>
/// <param name="Most">How many there are at most.</param>
public sealed record Recovering(string What, TimeSpan? ComesBack, int Number, int Most) : UploadEvent;

/// <summary>Flashing goes on.</summary>
/// <param name="Phase">Which part of it.</param>
/// <param name="Done">Bytes done in this phase.</param>
/// <param name="Total">Bytes of this phase; above zero.</param>
public sealed record FlashProgress(FlashPhase Phase, long Done, long Total) : UploadEvent;

/// <summary>The board does not hold what it was compared with.</summary>
/// <param name="First">The first byte that differs.</param>
public sealed record DifferenceFound(Difference First) : UploadEvent;
