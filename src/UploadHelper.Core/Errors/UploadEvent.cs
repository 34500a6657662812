namespace UploadHelper.Core.Errors;

/// <summary>Something that the upload tells while it goes on.</summary>
public abstract record UploadEvent;

/// <summary>Something that does not stop the upload, but that the user should know.</summary>
/// <param name="Code">Which warning.</param>
/// <param name="Message">What happened.</param>
/// <param name="Hint">What to do about it.</param>
public sealed record UploadWarning(WarningCode Code, string Message, string Hint) : UploadEvent;

/// <summary>The user ended the upload.</summary>
/// <param name="State">In what state that leaves the board, in a sentence.</param>
public sealed record UploadCancelled(string State) : UploadEvent;
