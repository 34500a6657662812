namespace UploadHelper.VirtualBoard.Plug;

/// <summary>A board could not be plugged into this machine, told in one sentence that says what to do.</summary>
public sealed class PlugException : Exception
{
    /// <summary>What went wrong.</summary>
    public PlugException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
