namespace UploadHelper.Core.Uploading;

/// <summary>Every way in which an upload can fail, as told to the user.</summary>
public sealed class UploadException : Exception
{
    /// <summary>A failure with what happened and what to do about it.</summary>
    /// <param name="error">Which failure; decides code and exit status.</param>
    /// <param name="message">What happened, and in what state the board is; whole sentences, ASCII.</param>
    /// <param name="hint">What to do next; whole sentences, ASCII.</param>
    /// <param name="inner">The failure underneath, if any.</param>
    public UploadException(UploadError error, string message, string hint, Exception? inner = null)
        : base(message, inner)
    {
        Error = error;
        Hint = hint;
    }

    /// <summary>Which failure.</summary>
    public UploadError Error { get; }

    /// <summary>What to do next.</summary>
    public string Hint { get; }
}
