namespace UploadHelper.Core.Uploading;

/// <summary>Which bootloader is needed, and how to get the board there.</summary>
/// <param name="Filter">Which bootloader is wanted.</param>
public record BootloaderRequest(DeviceFilter Filter)
{
    /// <summary>The sketch's serial port, or null if the board has none or is in its bootloader already.</summary>
    public string? Port { get; init; }

    /// <summary>The alternate setting, or null for the one whose memory holds the address.</summary>
    public byte? Alternate { get; init; }

    /// <summary>How long to wait for the bootloader.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Whether to wait as long as the device says even where it is known to exaggerate.</summary>
    public bool StrictPolling { get; init; }
}
