using UploadHelper.Core.Dfu;

namespace UploadHelper.Core.Uploading;

/// <summary>How an upload ended that did not fail.</summary>
/// <param name="Device">The bootloader that was written through.</param>
/// <param name="Address">Where the image begins.</param>
/// <param name="Size">Size of the image in bytes.</param>
/// <param name="Unchanged">How many of them were on the board already: compared byte by byte, and left alone.</param>
/// <param name="Verified">Whether every byte was read back and is right.</param>
/// <param name="Left">Whether the bootloader took the request to start the sketch.</param>
/// <param name="Port">The serial port with which the sketch was seen to run, or null if it was not seen.</param>
/// <param name="Elapsed">How long it took, from the first look at the bus.</param>
public sealed record UploadResult(
    DfuDescription Device,
    uint Address,
    int Size,
    int Unchanged,
    bool Verified,
    bool Left,
    string? Port,
    TimeSpan Elapsed)
{
    /// <summary>How long the bootloader still takes to start the sketch; zero if it does so at once, or was waited for.</summary>
    public TimeSpan StartsAfter { get; init; }
}
