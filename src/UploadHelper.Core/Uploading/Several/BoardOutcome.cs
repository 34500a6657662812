namespace UploadHelper.Core.Uploading.Several;

/// <summary>How the upload to one of several boards ended.</summary>
/// <param name="Path">Where the board is plugged in.</param>
/// <param name="Result">Its result, or null if it failed.</param>
/// <param name="Failure">What ended it, or null: an <see cref="UploadException"/>, a cancellation, or a defect of this program.</param>
public sealed record BoardOutcome(string Path, UploadResult? Result, Exception? Failure);
