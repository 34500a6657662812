namespace UploadHelper.Core.Dfu;

/// <summary>The device answered, but not as the protocol wants it.</summary>
public sealed class DfuException : Exception
{
    /// <summary>A failed step.</summary>
    /// <param name="message">Which step, and how it failed.</param>
    /// <param name="status">What the device said of itself, if it said anything.</param>
    public DfuException(string message, DfuStatus? status = null)
        : base(message) => Status = status;

    /// <summary>What the device said of itself, if it said anything.</summary>
    public DfuStatus? Status { get; }
}
