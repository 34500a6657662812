using UploadHelper.Core.Chips;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Bootloaders;

/// <summary>
/// The catalogue of all known bootloaders. <c>image</c>, <c>list</c>, <c>doctor</c>, <c>discovery</c>, the planner, the checks
/// before an upload, the udev rules and the tables of the docs all read it.
/// </summary>
public static class BootloaderCatalogue
{
    // Pages of 128 bytes are those of the STM32L0, pages of 256 bytes those of the STM32L1: both erase to 0.
    private const uint LargestPageErasedToZero = 256;

    private static readonly BootloaderInfo UnknownDfuSe = new("DfuSe bootloader", "");

    /// <summary>All entries. For a device the first that matches counts.</summary>
    public static IReadOnlyList<BootloaderInfo> All { get; } =
    [
        .. MapleFamily.Entries,
        .. F4BootloaderFamily.Entries,
        .. F1Family.Entries,
        .. StRomFamily.Entries,
    ];

    /// <summary>The USB ids of all boards that this program is for, bootloaders first. The udev rules name the same.</summary>
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

    /// <summary>The ids that an upload looks for if none are given: those of the entries.</summary>
    public static IReadOnlyList<UsbId> UploadIds { get; } = [StRomFamily.Id, MapleFamily.Id];

    /// <summary>The entry for a device; a nameless one for a DfuSe bootloader that is not known.</summary>
    /// <param name="device">What the descriptors of the device say.</param>
    /// <param name="map">The map of its flash.</param>
    public static BootloaderInfo For(DfuDescription device, MemoryMap map)
    {
        var entry = All.FirstOrDefault(b => b.Matches(device, map)) ?? UnknownDfuSe;
        return map.Groups[0].SectorSize <= LargestPageErasedToZero ? entry with { ErasedValue = 0 } : entry;
    }

    /// <summary>The known board with these ids, or null.</summary>
    public static KnownDevice? Find(UsbId id) => Devices.FirstOrDefault(k => k.Id == id);

    /// <summary>The places where sketches that begin at an address are started.</summary>
    public static IEnumerable<(BootloaderInfo Bootloader, SketchPlace Place)> PlacesAt(uint address) =>
        All.SelectMany(b => b.Places.Where(p => p.Address == address).Select(p => (b, p)));

    /// <summary>The names of the bootloaders that start a sketch at an address, in one phrase; null if none is known.</summary>
    public static string? NamesAt(uint address)
    {
        var names = PlacesAt(address).Select(p => p.Bootloader.Family).Distinct().ToList();
        return names.Count == 0 ? null : string.Join(", ", names);
    }

    /// <summary>A device of the catalogue, as its descriptors describe it.</summary>
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

/// <summary>USB ids by which boards are known.</summary>
/// <param name="Id">The ids.</param>
/// <param name="Program">What runs on the board then.</param>
/// <param name="Name">Whose ids they are, for people.</param>
public sealed record KnownDevice(UsbId Id, BoardProgram Program, string Name);
