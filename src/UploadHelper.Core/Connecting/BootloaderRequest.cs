using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
using UploadHelper.Core.Protocols.DfuSe;
using UploadHelper.Core.Serial;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Connecting;

/// <summary>Which bootloader a job needs, and how to put the board into it.</summary>
/// <param name="Filter">Which bootloader.</param>
public record BootloaderRequest(DeviceFilter Filter)
{
    /// <summary>The sketch's serial port; null if the board has none or is already in its bootloader.</summary>
    public string? Port { get; init; }

    /// <summary>How to reach the USART bootloader in ROM through <see cref="Port"/>, which is a serial adapter's then; null for a bootloader on USB.</summary>
    public UartOptions? Uart { get; init; }

    /// <summary>The alternate setting, or null for the one whose memory contains the address.</summary>
    public byte? Alternate { get; init; }

    /// <summary>How long to wait for the bootloader.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Whether to tell a device in DFU run-time mode to start its bootloader, although neither its ids nor its place were named.</summary>
    public bool Detach { get; init; }

    /// <summary>Whether to honour bwPollTimeout even where the bootloader is known to report too much.</summary>
    public bool StrictPolling { get; init; }

    /// <summary>The board's supply voltage, if the bootloader is to be told; null to leave it as it is.</summary>
    public VoltageRange? SupplyVoltage { get; init; }

    /// <summary>Whether the job can work on a chip whose flash is read-protected.</summary>
    public bool AcceptsProtection { get; init; }

    /// <summary>Where the sketch begins, if that is known.</summary>
    public uint? SketchStart { get; init; }

    /// <summary>Where the memory begins that the job works on, if that is known; <see cref="SketchStart"/> by default.</summary>
    public uint? MemoryStart
    {
        get => field ?? SketchStart;
        init;
    }

    /// <summary>Whether the chip is known to have no USB in its ROM.</summary>
    internal bool IsWithoutUsbRom { get; init; }

    /// <summary>
    /// Whether the bootloader may be the one in ST's ROM: it has ST's ids, and starts sketches at the base of the flash. Only BOOT0
    /// or the sketch can start it.
    /// </summary>
    internal bool MayBeInRom => !IsWithoutUsbRom && Filter.Ids.Contains(StRomFamily.Id) && SketchStart is null or FlashAddress.FlashBase && Alternate is null or 0;

    /// <summary>
    /// The filter with the board's USB path, if the serial port reveals it, so that no other board in DFU mode matches. The
    /// port of a USB-serial adapter reveals nothing about the board. The path also replaces the serial number of the sketch: a
    /// bootloader in ROM has one of its own.
    /// </summary>
    internal DeviceFilter FilterAt(ISerialPorts ports) => AtPort(ports) with { Start = MemoryStart };

    private DeviceFilter AtPort(ISerialPorts ports) =>
        Filter.UsbPath is null && Port is { } name
            && PortNames.Find(ports.List(), name) is { UsbPath: { } path } port && SketchPort.OtherDevice(port) is null
            ? Filter with { UsbPath = path, SerialNumber = port.SerialNumber == Filter.SerialNumber ? null : Filter.SerialNumber }
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

    /// <summary>The ids of the HID bootloader.</summary>
    public static UsbId Hid => HidFamily.Id;

    /// <summary>The ids to search for by default.</summary>
    public static IReadOnlyList<UsbId> KnownIds => BootloaderCatalogue.UploadIds;

    /// <summary>The ids that the image names, or null. A device that has them is wanted too, and preferred to all others.</summary>
    public UsbId? MadeFor { get; init; }

    /// <summary>Where the bootloader writes, for one that cannot tell (plain DFU) and that the catalogue does not know; null if nobody has said so.</summary>
    public uint? Start { get; init; }

    /// <summary>Whether the user has named no ids.</summary>
    public bool IsDefault => Ids.SequenceEqual(KnownIds);

    /// <summary>The ids, for messages: "0483:DF11 or 28E9:0189".</summary>
    public string IdsText =>
        (MadeFor is { } id && !Ids.Contains(id) ? $"{id}, " : "")
        + (IsDefault ? $"{StRomFamily.Id}, {MapleFamily.Id} or any other known bootloader" : string.Join(" or ", Ids));

    /// <summary>The filter for an image that names the device it was made for. Ids that the user has named stay as they are.</summary>
    /// <param name="ids">The ids in the image, or null; 0000 and FFFF stand for any.</param>
    public DeviceFilter For(DfuFileIds? ids) =>
        ids is { Vendor: not (0 or 0xFFFF), Product: not (0 or 0xFFFF) } && IsDefault ? this with { MadeFor = new UsbId(ids.Vendor, ids.Product) } : this;

    /// <summary>Whether a listed device may be the bootloader; its serial number is not known yet.</summary>
    public bool Matches(UsbDeviceInfo device) => MatchesIds(device) && MatchesPlace(device);

    /// <summary>Whether a device is plugged in where it must be.</summary>
    public bool MatchesPlace(UsbDeviceInfo device) => UsbPath is null || device.Path.Length == 0 || device.Path == UsbPath;

    /// <summary>Whether a device has one of the ids and is in its bootloader, wherever it is plugged in.</summary>
    public bool MatchesIds(UsbDeviceInfo device) =>
        (Ids.Contains(device.Id) || device.Id == MadeFor)
        && (device.Interfaces.Count == 0 || device.Interfaces.Any(DfuDescription.IsDfuMode) || HidFamily.IsHid(device));

    /// <summary>For messages: "0483:DF11 at 1-2".</summary>
    public override string ToString() =>
        IdsText
        + (UsbPath is null ? "" : $" at {UsbPath}")
        + (SerialNumber is null ? "" : $" with serial number {SerialNumber}");
}

/// <summary>A bootloader already answers, so nothing is sent to the sketch's port.</summary>
public sealed record ResetSkipped(string Port) : UploadEvent;

/// <summary>The wait for the bootloader begins.</summary>
/// <param name="Wanted">Which bootloader.</param>
/// <param name="Timeout">The longest time to wait.</param>
/// <param name="AskForReset">Whether the user must reset the board.</param>
public sealed record WaitingForBootloader(DeviceFilter Wanted, TimeSpan Timeout, bool AskForReset) : UploadEvent
{
    /// <summary>Whether the bootloader may be the one in ROM, which starts only if BOOT0 is held during the reset.</summary>
    public bool MayBeInRom { get; init; }
}

/// <summary>The bootloader answers.</summary>
/// <param name="Device">Its descriptors.</param>
/// <param name="Info">Its entry in the catalogue.</param>
/// <param name="PollsEarly">Whether the host polls it at once instead of after bwPollTimeout.</param>
public sealed record BootloaderFound(DfuDescription Device, BootloaderInfo Info, bool PollsEarly) : UploadEvent;

/// <summary>The bootloader is asked to start the sketch.</summary>
public sealed record LeavingBootloader(uint Address) : UploadEvent;

/// <summary>The wait for the sketch's serial port begins.</summary>
/// <param name="Timeout">The longest time to wait.</param>
/// <param name="AskForReset">Whether the user must start the sketch with RESET.</param>
public sealed record WaitingForSketch(TimeSpan Timeout, bool AskForReset) : UploadEvent;
