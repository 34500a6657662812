namespace UploadHelper.Core.Uploading.Messages;

/// <summary>One row of the table of errors.</summary>
/// <param name="Error">Which failure.</param>
/// <param name="ExitStatus">The exit status of the process that ends with it.</param>
/// <param name="Text">Its code, and what is to be known of it.</param>
public sealed record ErrorEntry(UploadError Error, int ExitStatus, Explanation Text);
