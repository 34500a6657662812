using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Firmware;
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

    private static readonly BootloaderInfo UnknownDfuSe = new("DfuSe bootloader", "") { Processor = null };

    // Nothing is known of its pages, so that the first cannot be written again on its own; nor of its checks, so that it gets the
    // bytes of the file, padded to half-words: an odd last byte is lost on some (dapboot).
    private static readonly BootloaderInfo UnknownPlainDfu = new("plain DFU bootloader", "")
    {
        TakesWholeImages = true,
        WritesInOneGo = true,
        ProgramUnit = 2,
        Limit = new DeviceLimit(
            "upload-helper does not know this bootloader, and plain DFU tells neither where it writes nor how much it can hold. It gets the whole file, "
                + "vector table first, as if it wrote to the address that you gave. If the upload is interrupted, it may start an incomplete sketch.",
            $"Check that its documentation names this address. If the upload is interrupted, {Again.Clause}."),
    };

    /// <summary>All entries. The first one that matches a device applies.</summary>
    public static IReadOnlyList<BootloaderInfo> All { get; } =
    [
        .. MapleFamily.Entries,
        .. F4BootloaderFamily.Entries,
        .. F1Family.Entries,
        .. DapbootFamily.Entries,
        .. ArduinoFamily.Entries,
        .. HidFamily.Entries,
        .. StRomFamily.Entries,
        .. StMiddlewareRomFamily.Entries,
        .. CloneFamily.Entries,
    ];

    /// <summary>The bootloaders that can be installed on a bare chip; each has an <see cref="BootloaderInfo.Installation"/>.</summary>
    public static IReadOnlyList<BootloaderInfo> Installable { get; } = [.. All.Where(b => b.Installation is not null).OrderBy(b => b.Installation!.Series == Stm32Series.F4)];

    /// <summary>The series with a bootloader for USB in ROM of which no descriptors were found, each with what is missing.</summary>
    public static IReadOnlyList<(string Series, string Missing)> UnreadRoms => StRomFamily.Unread;

    /// <summary>The USB ids of all boards that this program supports, bootloaders first. The udev rules list the same ids.</summary>
    public static IReadOnlyList<KnownDevice> Devices { get; } =
    [
        new(StRomFamily.Id, BoardProgram.Bootloader, "ST system bootloader, or a DfuSe bootloader in flash"),
        new(MapleFamily.Id, BoardProgram.Bootloader, "Maple or STM32duino bootloader"),
        new(CloneFamily.Gd32, BoardProgram.Bootloader, "GigaDevice GD32 bootloader"),
        new(CloneFamily.At32, BoardProgram.Bootloader, "Artery AT32 bootloader"),
        new(CloneFamily.Apm32, BoardProgram.Bootloader, "Geehy APM32 bootloader"),
        new(CloneFamily.X32, BoardProgram.Bootloader, "X-CORE X32 bootloader"),
        new(ArduinoFamily.Portenta, BoardProgram.Bootloader, "Arduino Portenta H7 bootloader"),
        new(ArduinoFamily.Nicla, BoardProgram.Bootloader, "Arduino Nicla Vision bootloader"),
        new(ArduinoFamily.Opta, BoardProgram.Bootloader, "Arduino Opta bootloader"),
        new(ArduinoFamily.Giga, BoardProgram.Bootloader, "Arduino GIGA R1 bootloader"),
        new(DapbootFamily.Id, BoardProgram.Bootloader, "dapboot"),
        new(HidFamily.Id, BoardProgram.Bootloader, "HID bootloader (STM32F1, STM32F4)"),
        new(new(0x1D50, 0x6017), BoardProgram.Bootloader, "Black Magic Probe bootloader"),
        new(new(0x1EAF, 0x0004), BoardProgram.Sketch, "sketch of Arduino_STM32 (Maple)"),
        new(new(0x0483, 0x5740), BoardProgram.Sketch, "sketch with USB serial of an STM32 core"),
    ];

    /// <summary>The ids that an upload looks for by default: those of all known bootloaders.</summary>
    public static IReadOnlyList<UsbId> UploadIds { get; } = [.. Devices.Where(d => d.Program == BoardProgram.Bootloader).Select(d => d.Id)];

    /// <summary>The entry for a device; a generic one for an unknown bootloader.</summary>
    /// <param name="device">The descriptors of the device.</param>
    /// <param name="map">Its memory map.</param>
    public static BootloaderInfo For(DfuDescription device, MemoryMap map)
    {
        var entry = All.FirstOrDefault(b => b.Matches(device, map)) ?? (device.IsPlainDfu ? UnknownPlainDfu : UnknownDfuSe);
        return entry with
        {
            IsCertain = entry.IsCertain || entry.Places.Any(p => p.Devices.Any(device.IsBuildOf)),
            ErasedValue = map.Groups[0].SectorSize <= LargestPageErasedToZero && !entry.TakesWholeImages ? (byte)0 : entry.ErasedValue,
        };
    }

    /// <summary>Where a plain DFU bootloader writes; null if that is not known.</summary>
    /// <param name="device">Its descriptors.</param>
    /// <param name="flashSize">The size of the flash at whose end it is, where <see cref="SketchPlace.FlashSizes"/> has several; null if that is not known.</param>
    public static DownloadArea? AreaOf(DfuDescription device, uint? flashSize = null) => DapbootFamily.AreaOf(device, flashSize);

    /// <summary>The known board with these ids, or null.</summary>
    public static KnownDevice? Find(UsbId id) => Devices.FirstOrDefault(k => k.Id == id);

    /// <summary>The bootloaders that start sketches at an address, each with its place there.</summary>
    public static IEnumerable<(BootloaderInfo Bootloader, SketchPlace Place)> PlacesAt(uint address) =>
        All.SelectMany(b => b.Places.Where(p => p.Address == address).Select(p => (b, p)));

    /// <summary>The names of the bootloaders that start sketches for an ARM at an address, separated by commas; null if none is known.</summary>
    public static string? NamesAt(uint address)
    {
        var names = PlacesAt(address).Where(p => p.Bootloader.Processor == Processor.Arm).Select(p => p.Bootloader.Family).Distinct().ToList();
        return names.Count == 0 ? null : string.Join(" or ", names);
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
    /// <summary>A bootloader.</summary>
    Bootloader,

    /// <summary>A sketch with a serial port.</summary>
    Sketch,
}

/// <summary>USB ids that identify a board.</summary>
/// <param name="Id">The ids.</param>
/// <param name="Program">What a board with these ids runs.</param>
/// <param name="Name">The display name of the device.</param>
public sealed record KnownDevice(UsbId Id, BoardProgram Program, string Name);

/// <summary>
/// Everything that is known about one bootloader beyond its descriptors: an entry of <see cref="BootloaderCatalogue"/>.
/// Facts about a bootloader are recorded here and nowhere else.
/// </summary>
/// <param name="Name">Its display name.</param>
/// <param name="Source">The sources of the facts.</param>
public sealed record BootloaderInfo(string Name, string Source)
{
    /// <summary>Recognizes it by its descriptors and memory map. The first matching entry of the catalogue applies.</summary>
    public Func<DfuDescription, MemoryMap, bool> Matches { get; init; } = (_, _) => false;

    /// <summary>
    /// Whether a device that matches is this bootloader for certain, so that an upload may be refused because of
    /// <see cref="Writable"/> and <see cref="Sketch"/>: its strings are its own, or, in <see cref="BootloaderCatalogue.For"/>,
    /// the device equals one in <see cref="Places"/>. Otherwise it only resembles it, and the upload warns.
    /// </summary>
    public bool IsCertain { get; init; }

    /// <summary>The name that <c>image</c> and the docs use for entries that differ only in the chip; by default <see cref="Name"/>.</summary>
    public string Family
    {
        get => field ?? Name;
        init;
    }

    /// <summary>Whether it is in the chip's ROM, so that no erase can destroy it.</summary>
    public bool IsInRom { get; init; }

    /// <summary>The processor of its chips; null if that is not known.</summary>
    public Processor? Processor { get; init; } = Chips.Processor.Arm;

    /// <summary>The memory map that holds, made from the device's descriptors and the map that it reports; null if that one is right.</summary>
    public Func<DfuDescription, MemoryMap, MemoryMap>? CorrectMap { get; init; }

    /// <summary>Whether it leaves on the zero-length DNLOAD already, which may fail for that, and answers no GETSTATUS after it.</summary>
    public bool LeavesWithoutStatus { get; init; }

    /// <summary>What was read of it on single chips, and where.</summary>
    public IReadOnlyList<ChipReading> Readings { get; init; } = [];

    /// <summary>Where it starts sketches, with the devices that are known to have it.</summary>
    public IReadOnlyList<SketchPlace> Places { get; init; } = [];

    /// <summary>How long it stays in DFU mode after a request to leave.</summary>
    public TimeSpan StartsSketchAfter { get; init; }

    /// <summary>How long it waits for a host after any other reset before it starts the sketch; at least <see cref="StartsSketchAfter"/>.</summary>
    public TimeSpan BootWindow
    {
        get => field > StartsSketchAfter ? field : StartsSketchAfter;
        init;
    }

    /// <summary>
    /// The evidence that it accepts GETSTATUS at any time and answers when the operation is complete, regardless of the
    /// bwPollTimeout that it reports; null if there is none.
    /// </summary>
    public string? PollsEarly { get; init; }

    /// <summary>
    /// Whether it starts any program with a plausible stack pointer once its boot window is over, even during a session
    /// with a host. If there was no sketch in flash, this happens as soon as the new vector table is written.
    /// </summary>
    public bool StartsSketchByItself { get; init; }

    /// <summary>
    /// How many bytes it returns for one UPLOAD, in bytes, if that is more than wTransferSize: a longer transfer saves the time between
    /// transfers. At most 4096, which is all that Linux (devio.c) and WinUSB allow a control transfer. Null for wTransferSize.
    /// </summary>
    public int? LargestRead { get; init; }

    /// <summary>What an erased byte of its flash reads as.</summary>
    public byte ErasedValue { get; init; } = 0xFF;

    /// <summary>The part of the internal flash that may be written, regardless of the memory map; null if the map is correct.</summary>
    public WritableRange? Writable { get; init; }

    /// <summary>Which sketches it accepts and starts; null if it starts any program that the host selects.</summary>
    public SketchRule? Sketch { get; init; }

    /// <summary>The series of the chips that have it, where the descriptors tell for certain; null if they do not. A sketch's stack must be in their RAM.</summary>
    public IReadOnlyList<Stm32Series>? Series { get; init; }

    /// <summary>
    /// Number of bytes that are programmed at once; writes begin and end at a multiple of it. 32, the flash word of the H7, is
    /// the largest of any STM32 and does no harm where the unit is smaller.
    /// </summary>
    public int ProgramUnit { get; init; } = 32;

    /// <summary>
    /// Size in bytes of the last write: the initial stack pointer, by which bootloaders recognize a sketch, and the bytes that
    /// the flash programs together with it. A power failure during the last write can corrupt only these bytes. 32, the flash
    /// word of the H7, if the part is unknown.
    /// </summary>
    public int LastWrite { get; init; } = 32;

    /// <summary>
    /// Where the device keeps the sketch's stack pointer and reset vector, if the page at the flash base holds its own: it swaps
    /// them when it writes that page. Null if the sketch has its page to itself.
    /// </summary>
    public KeptVectors? KeptVectors { get; init; }

    /// <summary>Whether the page at the flash base holds the bootloader's own stack pointer and reset vector.</summary>
    public bool SharesVectorPage => KeptVectors is not null;

    /// <summary>Whether it stays in DFU mode forever once a host has sent it a request; a board that is refused must then be made to leave.</summary>
    public bool StaysOnceAsked { get; init; }

    /// <summary>
    /// Whether the first block cannot be rewritten on its own, because that erases what follows it. Then everything is
    /// written in one go, the vector table first.
    /// </summary>
    public bool WritesInOneGo { get; init; }

    /// <summary>
    /// Size in bytes of the block with the vector table, if what is erased with it need not be written with it: the protocol writes that
    /// again by itself. Null if it is written with it.
    /// </summary>
    public int? FirstBlock { get; init; }

    /// <summary>Whether the block with the vector table is the first of a sector that is erased and written again as a whole, from front to back, at the end.</summary>
    public bool WritesFirstSectorLast { get; init; }

    /// <summary>
    /// Whether a download must be the whole image, of which nothing may be left out: what the device does with it is not known. It
    /// has no way to erase a sketch.
    /// </summary>
    public bool TakesWholeImages { get; init; }

    /// <summary>Whether the host may name the supply voltage, and it then programs bytes, half-words or words (AN2606, 4.4), if it has a memory for that setting.</summary>
    public bool SetsProgramFormat { get; init; }

    /// <summary>Whether it hangs when it reads a word whose programming was interrupted: the ECC of that word is wrong (RM0433, 4.3.9).</summary>
    public bool HangsOnCutWords { get; init; }

    /// <summary>Why it may not start a sketch when it is told to, in a sentence; null if it does.</summary>
    public string? MayNotStart { get; init; }

    /// <summary>Whether the user has set BOOT0 high by hand for it, so that it comes back at the next reset.</summary>
    public bool NeedsBoot0Low { get; init; }

    /// <summary>What the user can do if the sketch does not start; null if pressing RESET is the only advice.</summary>
    public string? NotStarted { get; init; }

    /// <summary>How long it takes to erase.</summary>
    public EraseTimes Erase { get; init; } = new();

    /// <summary>A second address where it looks for a sketch if it finds none at the first; null if it looks at one address only.</summary>
    public uint? AlsoStarts { get; init; }

    /// <summary>
    /// Whether nothing tells the size of the flash, and the bootloader fails beyond its end: what is to be erased must then be said, and
    /// is never all that the largest part has.
    /// </summary>
    public bool HidesFlashSize { get; init; }

    /// <summary>The address of the first bytes in a run of data that the bootloader would take for a command; null if there are none.</summary>
    public Func<Segment, uint?> TakesForCommand { get; init; } = _ => null;

    /// <summary>A limitation of the device that no host can work around; the user is warned before anything is written.</summary>
    public DeviceLimit? Limit { get; init; }

    /// <summary>How it comes onto a bare chip; null if nothing is known of its files.</summary>
    public Installation? Installation { get; init; }

    /// <summary>The chip, where its ROM has told its product id; otherwise null.</summary>
    public UartPart? Part { get; init; }
}

/// <summary>What someone read of a bootloader on a chip.</summary>
/// <param name="Chip">The chip.</param>
/// <param name="Seen">What its descriptors say, as far as that was shown.</param>
/// <param name="Source">Where it was read.</param>
public sealed record ChipReading(string Chip, string Seen, string Source);

/// <summary>An address where a bootloader starts sketches.</summary>
/// <param name="Options">The upload options for it.</param>
/// <param name="Address">Where the vector table of the sketch must be.</param>
/// <param name="Devices">The descriptors of known devices with this bootloader; <c>image</c> checks a sketch against them.</param>
public sealed record SketchPlace(string Options, uint Address, IReadOnlyList<DfuDescription> Devices)
{
    /// <summary>Distinguishes the places of a bootloader that has several: "64 KiB part"; null if there is only one.</summary>
    public string? Label { get; init; }

    /// <summary>The alternate setting that the options select, or null.</summary>
    public byte? Alternate { get; init; }

    /// <summary>
    /// The sizes of flash in bytes, ascending, for which there are builds with these descriptors, if the bootloader is at the end of the
    /// flash and its descriptors do not tell how large that is; empty otherwise.
    /// </summary>
    public IReadOnlyList<uint> FlashSizes { get; init; } = [];
}

/// <summary>
/// The reserved words of the vector table where a bootloader keeps the sketch's stack pointer and reset vector. They must be 0 in
/// what is written: otherwise the device overwrites its own vectors. No Cortex-M3 reads them (ARMv7-M ARM, B1.5.2), so a sketch
/// loses nothing; some cores fill them with their default handler.
/// </summary>
/// <param name="Offset">Where the two words begin, in bytes from the flash base.</param>
public sealed record KeptVectors(int Offset)
{
    /// <summary>Size of the two words in bytes.</summary>
    public const int Size = 8;

    /// <summary>The address of the first word.</summary>
    public uint Address => FlashAddress.FlashBase + (uint)Offset;

    /// <summary>A part of an image with 0 in those bytes of it that lie in the two words.</summary>
    /// <param name="part">The part.</param>
    public Segment Cleared(Segment part)
    {
        var start = Math.Max(part.Address, Address);
        var end = Math.Min(part.End, Address + Size);
        if (start >= end)
        {
            return part;
        }

        var data = part.Data.ToArray();
        data.AsSpan((int)(start - part.Address), (int)(end - start)).Clear();
        return part with { Data = data };
    }
}

/// <summary>How long a device takes to erase a sector.</summary>
public sealed record EraseTimes
{
    /// <summary>The shortest time to wait, for a device that asks for less than it needs.</summary>
    public TimeSpan AtLeast { get; init; }

    /// <summary>
    /// A device that is busy for longer than this counts as hung. The default is far longer than any part needs; it is shorter
    /// for a device that is known to stay busy although it is done.
    /// </summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(40);
}

/// <summary>The part of the internal flash that may be written.</summary>
/// <param name="Start">Its first address.</param>
/// <param name="End">The address after its last byte.</param>
/// <param name="Before">Why a sector below it must not be erased: "it ...".</param>
/// <param name="After">Why a sector above it must not be erased: "it ...".</param>
public sealed record WritableRange(uint Start, long End, string Before, string After)
{
    /// <summary>What the user can do about a sector below it; null to use a higher offset.</summary>
    public string? Hint { get; init; }

    /// <summary>What the user can do about a sector above it, since nothing overrides that; null if the user may override it.</summary>
    public string? HintAfter { get; init; }

    /// <summary>Why a sector must not be erased: "it ..."; null if it may be.</summary>
    public string? Objection(Sector sector) =>
        !FlashAddress.IsInternalFlash(sector.Address) ? null
        : sector.Address < Start ? Before
        : sector.End > End ? After
        : null;
}

/// <summary>How a bootloader tells a sketch from empty flash.</summary>
/// <param name="Address">Where it looks; null if it looks at every place where it starts sketches.</param>
/// <param name="Accepts">Which initial stack pointers it accepts.</param>
/// <param name="StackRange">The accepted stack pointers, for messages.</param>
public sealed record SketchRule(uint? Address, Func<uint, bool> Accepts, string StackRange)
{
    /// <summary>Whether a program at any other address is never started: nothing else on these boards starts it.</summary>
    public bool StartsNothingElse { get; init; }
}

/// <summary>A limitation of a device.</summary>
/// <param name="Message">What it is.</param>
/// <param name="Hint">What the user can do about it.</param>
public sealed record DeviceLimit(string Message, string Hint)
{
    /// <summary>
    /// What is unknown about a board if an upload ends while the block with the vector table is being written (or the page
    /// that the bootloader shares with the sketch is being rewritten): "But if the power failed at that moment, ..."; null
    /// if nothing is.
    /// </summary>
    public string? PowerLost { get; init; }
}
