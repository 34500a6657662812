using UploadHelper.Core.Firmware;

namespace UploadHelper.Core.Uploading;

/// <summary>Whether to wait until the sketch's serial port is there again.</summary>
public enum WaitPort
{
    /// <summary>Wait if a port was named; it is a warning if it does not come.</summary>
    Auto,

    /// <summary>Wait; it is a failure if no port comes.</summary>
    Yes,

    /// <summary>Do not wait.</summary>
    No,
}

/// <summary>What is to be done, all options resolved.</summary>
/// <param name="File">The image file.</param>
/// <param name="Address">Where the image begins; null if the file says it.</param>
/// <param name="Filter">Which bootloader is wanted.</param>
public sealed record UploadRequest(ImageFile File, uint? Address, DeviceFilter Filter) : BootloaderRequest(Filter)
{
    /// <summary>How many bytes the board's core grants a sketch, or null if that is not known.</summary>
    public int? MaximumSize { get; init; }

    /// <summary>Whether to read back and compare.</summary>
    public bool Verify { get; init; } = true;

    /// <summary>Whether to write all of it, without a look at what is on the board already.</summary>
    public bool Full { get; init; }

    /// <summary>Whether to start the sketch afterwards.</summary>
    public bool Leave { get; init; } = true;

    /// <summary>Whether to wait for the sketch's port afterwards.</summary>
    public WaitPort WaitPort { get; init; }
}
