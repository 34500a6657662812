using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Connecting;

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

/// <summary>Which bootloader is wanted.</summary>
/// <param name="Ids">Ids of the bootloader; any of them.</param>
/// <param name="UsbPath">Where it must be plugged in, or null for anywhere.</param>
/// <param name="SerialNumber">Its serial number, or null for any.</param>
public sealed record DeviceFilter(IReadOnlyList<UsbId> Ids, string? UsbPath = null, string? SerialNumber = null)
{
    /// <summary>The ids of ST's system bootloaders and of most DfuSe bootloaders in flash.</summary>
    public static readonly UsbId StDfu = new(0x0483, 0xDF11);

    /// <summary>The ids that are looked for if none are given.</summary>
    public static readonly IReadOnlyList<UsbId> KnownIds = [StDfu, DfuDescription.MapleId];

    /// <summary>Whether a device of a look at the bus can be the wanted one; its serial number is not known yet.</summary>
    public bool Matches(UsbDeviceInfo device) =>
        MatchesIds(device) && (UsbPath is null || device.Path.Length == 0 || device.Path == UsbPath);

    /// <summary>Whether a device has the wanted ids and is in DFU mode, wherever it is plugged in.</summary>
    public bool MatchesIds(UsbDeviceInfo device) =>
        Ids.Contains(device.Id)
        && (device.Interfaces.Count == 0 || device.Interfaces.Any(DfuDescription.IsDfuMode));

    /// <summary>For people: "0483:DF11 at 1-2".</summary>
    public override string ToString() =>
        string.Join(" or ", Ids)
        + (UsbPath is null ? "" : $" at {UsbPath}")
        + (SerialNumber is null ? "" : $" with serial number {SerialNumber}");
}
