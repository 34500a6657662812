using UploadHelper.Core.Chips;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Bootloaders;

/// <summary>
/// The catalogue of all known bootloaders. <c>image</c>, <c>list</c>, <c>doctor</c>, <c>discovery</c>, the planner, the checks
/// before an upload, the udev rules and the tables of the docs all read it.
/// </summary>
public static class BootloaderCatalogue
{
    // The STM32L0 has pages of 128 bytes, the STM32L1 pages of 256 bytes. Both erase to 0.
    private const uint LargestPageErasedToZero = 256;

    private static readonly BootloaderInfo UnknownDfuSe = new("DfuSe bootloader", "");

    /// <summary>All entries. The first one that matches a device applies.</summary>
    public static IReadOnlyList<BootloaderInfo> All { get; } =
    [
        .. MapleFamily.Entries,
        .. F4BootloaderFamily.Entries,
        .. F1Family.Entries,
        .. StRomFamily.Entries,
    ];

    /// <summary>The USB ids of all boards that this program supports, bootloaders first. The udev rules list the same ids.</summary>
    public static IReadOnlyList<KnownDevice> Devices { get; } =
    [
        new(StRomFamily.Id, BoardProgram.Bootloader, "ST system bootloader, or a DfuSe bootloader in flash"),
        new(MapleFamily.Id, BoardProgram.Bootloader, "Maple or STM32duino bootloader"),
        new(new(0x28E9, 0x0189), BoardProgram.Bootloader, "GigaDevice GD32 bootloader"),
        new(new(0x2E3C, 0xDF11), BoardProgram.Bootloader, "Artery AT32 bootloader"),
        new(new(0x314B, 0x0106), BoardProgram.Bootloader, "Geehy APM32 bootloader"),
        new(new(0x2341, 0x035B), BoardProgram.Bootloader, "Arduino Portenta H7 bootloader"),
        new(new(0x2341, 0x035F), BoardProgram.Bootloader, "Arduino Nicla Vision bootloader"),
        new(new(0x2341, 0x0364), BoardProgram.Bootloader, "Arduino Opta bootloader"),
        new(new(0x2341, 0x0366), BoardProgram.Bootloader, "Arduino GIGA R1 bootloader"),
        new(new(0x1209, 0xDB42), BoardProgram.Bootloader, "dapboot"),
        new(new(0x1D50, 0x6017), BoardProgram.Bootloader, "Black Magic Probe bootloader"),
        new(new(0x1EAF, 0x0004), BoardProgram.Sketch, "sketch of Arduino_STM32 (Maple)"),
        new(new(0x0483, 0x5740), BoardProgram.Sketch, "sketch with USB serial of an STM32 core"),
    ];

    /// <summary>The ids that an upload looks for by default: those of the entries.</summary>
    public static IReadOnlyList<UsbId> UploadIds { get; } = [StRomFamily.Id, MapleFamily.Id];

    /// <summary>The entry for a device; a generic one for an unknown DfuSe bootloader.</summary>
    /// <param name="device">The descriptors of the device.</param>
    /// <param name="map">Its memory map.</param>
    public static BootloaderInfo For(DfuDescription device, MemoryMap map)
    {
        var entry = All.FirstOrDefault(b => b.Matches(device, map)) ?? UnknownDfuSe;
        return map.Groups[0].SectorSize <= LargestPageErasedToZero ? entry with { ErasedValue = 0 } : entry;
    }

    /// <summary>The known board with these ids, or null.</summary>
    public static KnownDevice? Find(UsbId id) => Devices.FirstOrDefault(k => k.Id == id);

    /// <summary>The bootloaders that start sketches at an address, each with its place there.</summary>
    public static IEnumerable<(BootloaderInfo Bootloader, SketchPlace Place)> PlacesAt(uint address) =>
        All.SelectMany(b => b.Places.Where(p => p.Address == address).Select(p => (b, p)));

    /// <summary>The names of the bootloaders that start sketches at an address, separated by commas; null if none is known.</summary>
    public static string? NamesAt(uint address)
    {
        var names = PlacesAt(address).Select(p => p.Bootloader.Family).Distinct().ToList();
        return names.Count == 0 ? null : string.Join(", ", names);
    }

    /// <summary>Builds the descriptors of a device for the catalogue.</summary>
    internal static DfuDescription Device(
        UsbId id, string manufacturer, string product, byte attributes, ushort transferSize, ushort dfuVersion, params string[] alternates) => new(
            new UsbDeviceInfo(0, 0, "", id.Vendor, id.Product, 0, []),
            0x0100,
            manufacturer,
            product,
            "",
            new DfuFunctionalDescriptor(attributes, transferSize, dfuVersion),
            [.. alternates.Select((name, setting) => new DfuAlternate(0, (byte)setting, name))]);
}

/// <summary>What runs on a board that has certain USB ids.</summary>
public enum BoardProgram
{
    /// <summary>A bootloader in DFU mode.</summary>
    Bootloader,

    /// <summary>A sketch with a serial port.</summary>
    Sketch,
}

/// <summary>USB ids that identify a board.</summary>
/// <param name="Id">The ids.</param>
/// <param name="Program">What a board with these ids runs.</param>
/// <param name="Name">The display name of the device.</param>
public sealed record KnownDevice(UsbId Id, BoardProgram Program, string Name);
