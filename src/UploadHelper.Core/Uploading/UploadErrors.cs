using UploadHelper.Core.Uploading.Messages;

namespace UploadHelper.Core.Uploading;

/// <summary>Code and exit status of each failure, from the one table of them.</summary>
public static class UploadErrors
{
    /// <summary>Exit status of a cancelled run (128 + SIGINT).</summary>
    public const int Cancelled = 130;

    private static readonly Dictionary<UploadError, ErrorEntry> Table = ErrorTable.Entries.ToDictionary(e => e.Error);

    /// <summary>The stable code of a failure, for example "image-too-large".</summary>
    public static string Code(this UploadError error) => Table[error].Text.Code;

    /// <summary>The exit status of the process that ends with this failure.</summary>
    public static int ExitStatus(this UploadError error) => Table[error].ExitStatus;
}
