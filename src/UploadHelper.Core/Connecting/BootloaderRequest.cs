using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Connecting;

/// <summary>Which bootloader a job needs, and how to put the board into it.</summary>
/// <param name="Filter">Which bootloader.</param>
public record BootloaderRequest(DeviceFilter Filter)
{
    /// <summary>The sketch's serial port; null if the board has none or is already in its bootloader.</summary>
    public string? Port { get; init; }

    /// <summary>The alternate setting, or null for the one whose memory contains the address.</summary>
    public byte? Alternate { get; init; }

    /// <summary>How long to wait for the bootloader.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Whether to honour bwPollTimeout even where the bootloader is known to report too much.</summary>
    public bool StrictPolling { get; init; }

    /// <summary>
    /// The filter with the board's USB path, if the serial port reveals it, so that no other board in DFU mode matches. The
    /// port of a USB-serial adapter reveals nothing about the board.
    /// </summary>
    internal DeviceFilter FilterAt(ISerialPorts ports) =>
        Filter.UsbPath is null && Port is { } name
            && PortNames.Find(ports.List(), name) is { UsbPath: { } path } port && SketchPort.WhatElse(port) is null
            ? Filter with { UsbPath = path }
            : Filter;
}

/// <summary>Selects a bootloader.</summary>
/// <param name="Ids">The accepted ids.</param>
/// <param name="UsbPath">Where it must be plugged in, or null for anywhere.</param>
/// <param name="SerialNumber">Its serial number, or null for any.</param>
public sealed record DeviceFilter(IReadOnlyList<UsbId> Ids, string? UsbPath = null, string? SerialNumber = null)
{
    /// <summary>The ids of ST's ROMs and of most DfuSe bootloaders in flash.</summary>
    public static UsbId StDfu => StRomFamily.Id;

    /// <summary>The ids to search for by default.</summary>
    public static IReadOnlyList<UsbId> KnownIds => BootloaderCatalogue.UploadIds;

    /// <summary>Whether a listed device may be the bootloader; its serial number is not known yet.</summary>
    public bool Matches(UsbDeviceInfo device) =>
        MatchesIds(device) && (UsbPath is null || device.Path.Length == 0 || device.Path == UsbPath);

    /// <summary>Whether a device has one of the ids and is in DFU mode, wherever it is plugged in.</summary>
    public bool MatchesIds(UsbDeviceInfo device) =>
        Ids.Contains(device.Id)
        && (device.Interfaces.Count == 0 || device.Interfaces.Any(DfuDescription.IsDfuMode));

    /// <summary>For messages: "0483:DF11 at 1-2".</summary>
    public override string ToString() =>
        string.Join(" or ", Ids)
        + (UsbPath is null ? "" : $" at {UsbPath}")
        + (SerialNumber is null ? "" : $" with serial number {SerialNumber}");
}
