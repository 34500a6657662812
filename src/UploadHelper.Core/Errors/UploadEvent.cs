namespace UploadHelper.Core.Errors;

/// <summary>Something that the upload reports while it runs.</summary>
public abstract record UploadEvent;

/// <summary>A problem that does not stop the upload, but that the user should know about.</summary>
/// <param name="Code">Which warning.</param>
/// <param name="Message">What happened.</param>
/// <param name="Hint">What to do about it.</param>
public sealed record UploadWarning(WarningCode Code, string Message, string Hint) : UploadEvent;

/// <summary>The user cancelled the upload.</summary>
/// <param name="State">The state of the board, in one sentence.</param>
public sealed record UploadCancelled(string State) : UploadEvent;
