using System.Text;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>How the Maple bootloaders differ; they share one state machine (dfu.c).</summary>
/// <param name="Identity">The descriptors.</param>
/// <param name="Starts">Where each alternate setting writes; null where it writes to RAM, or refuses to write.</param>
/// <param name="SketchAddresses">Where it checks for a sketch, in this order.</param>
/// <param name="StackMask">The bits of a stack pointer that must be 0x20000000 in a valid sketch (checkUserCode).</param>
/// <param name="PageSize">wTransferSize: also the size of a page.</param>
/// <param name="BusyPoll">bwPollTimeout of dfuDNBUSY, where its main loop programs; null where GETSTATUS programs.</param>
/// <param name="BootWindow">How long it waits for a host before it starts a sketch.</param>
public sealed record MapleBuild(
    UsbIdentity Identity,
    IReadOnlyList<uint?> Starts,
    IReadOnlyList<uint> SketchAddresses,
    uint StackMask,
    int PageSize,
    TimeSpan? BusyPoll,
    TimeSpan BootWindow)
{
    /// <summary>In DR10: a download has begun since the last reset (RTC_BOOTLOADER_JUST_UPLOADED).</summary>
    public const ushort JustUploaded = 0x424D;

    /// <summary>
    /// Time from a reset until it is on the bus, or starts a sketch: main() sets up USB before it blinks or looks for a sketch. The
    /// published binaries pull D+ up 1 to 10 ms after a reset (2.0 for generic boards and Maple Mini, on an emulated STM32F103).
    /// </summary>
    public static readonly TimeSpan BootTime = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// Time from the start of a sketch until it is on the bus. A sketch of Arduino_STM32 that is published with the bootloader pulls D+ up
    /// 13 ms after its start, on an emulated STM32F103. (Linux saw it 304 ms after the bootloader had gone, on a real board:
    /// community.platformio.org/t/8656. Most of that is the kernel's own wait for a stable connection, and its reset of the port.)
    /// </summary>
    public static readonly TimeSpan SketchTime = TimeSpan.FromMilliseconds(15);

    // Blinks are loops of 0x50000 and 0x100000 turns at 72 MHz, about 6 cycles each (INF), two loops per blink.
    private static readonly TimeSpan FastBlink = TimeSpan.FromMilliseconds(55);
    private static readonly TimeSpan SlowBlink = TimeSpan.FromMilliseconds(175);
    private const string Product = "Maple 003";
    private const string LeafLabsRam = "DFU Program RAM 0x20000C00";
    private const uint Above20K = 0x0800_5000;
    private const uint Above8K = 0x0800_2000;
    private const uint Above64K = 0x0801_0000;

    /// <summary>Whether a download leaves 0x424D in DR10, so that the next boot starts the sketch at once, and 0x424C keeps it in DFU mode.</summary>
    public bool UsesBackupRegister { get; init; }

    /// <summary>The page that the first block of a download through the second alternate setting erases in addition to its own, or null.</summary>
    public uint? AlsoErased { get; init; }

    /// <summary>Whether UPLOAD works.</summary>
    public bool CanUpload { get; init; } = true;

    /// <summary>Whether it erases a whole sector, with the block at its beginning.</summary>
    public bool ErasesSectors { get; init; }

    /// <summary>rogerclarkmelbourne/STM32duino-bootloader at df68980, "2.0", for a board with a button.</summary>
    /// <param name="pageSize">1024 up to 128 KiB of flash, 2048 beyond (getFlashPageSize).</param>
    public static MapleBuild Stm32duino(int pageSize) => new(
        Identify(
            0x0201,
            [
                "STM32duino bootloader v1.0  ERROR. Upload to RAM not supported.",
                "STM32duino bootloader v1.0  Upload to Flash 0x8005000",
                "STM32duino bootloader v1.0  Upload to Flash 0x8002000",
            ],
            [9, 0x21, 0x03, 0xFF, 0, (byte)pageSize, (byte)(pageSize >> 8), 0x10, 0x01]),
        [null, Above20K, Above8K],
        [Above8K, Above20K],
        StackMask: 0x2FFE_0000,
        pageSize,
        BusyPoll: null,
        BootWindow: 5 * FastBlink + 6 * SlowBlink)
    {
        UsesBackupRegister = true,
        AlsoErased = Above8K,
    };

    /// <summary>leaflabs/maple-bootloader at 5f09352.</summary>
    public static MapleBuild LeafLabs() => new(
        Identify(
            0x0201,
            [LeafLabsRam, "DFU Program FLASH 0x08005000"],
            [9, 0x21, 0x03, 0xFF, 0, 0x00, 0x04, 0x10, 0x01]) with
        {
            // usb_descriptor.c: 0x20 bytes, of which 20 are the string; in the published binary the next string follows.
            OddStrings = new Dictionary<int, byte[]> { [2] = [.. UsbIdentity.Text(Product), .. UsbIdentity.Text(LeafLabsRam)[..12]] },
        },
        [null, Above20K],
        [Above20K],
        StackMask: 0x2FFE_0000,
        PageSize: 1024,
        BusyPoll: TimeSpan.FromMilliseconds(32),
        BootWindow: 5 * FastBlink + 6 * SlowBlink);

    /// <summary>
    /// gbulmer/openstm32sw at d70fe3f, stm32f4/maple-bootloader. Its flash.c is still the F1's; 2 KiB blocks can work
    /// on an F4 only if the block at the start of a sector erases it once (INF).
    /// </summary>
    public static MapleBuild F4Port() => new(
        Identify(
            0x0200,
            ["DFU Program RAM 0x20000C00", "DFU Program FLASH 0x08010000"],
            [9, 0x21, 0x01, 0xFF, 0xFF, 0x00, 0x08, 0x01, 0x00]),
        [null, Above64K],
        [Above64K],
        StackMask: 0xFFFE_7FFF,
        PageSize: 2048,
        BusyPoll: TimeSpan.FromMilliseconds(0x1FF),
        BootWindow: 5 * FastBlink + 3 * SlowBlink)
    {
        CanUpload = false,
        ErasesSectors = true,
    };

    /// <summary>The sketch that it would start, or null if there is none.</summary>
    public uint? SketchIn(FlashMemory flash)
    {
        foreach (var address in SketchAddresses)
        {
            if ((BitConverter.ToUInt32(flash.Read(address, sizeof(uint))) & StackMask) == 0x2000_0000)
            {
                return address;
            }
        }

        return null;
    }

    private static UsbIdentity Identify(ushort release, string[] alternates, byte[] functional) => new(
        0x1EAF,
        0x0003,
        UsbRelease: 0x0100,
        release,
        DeviceClass: 0,
        ["LeafLabs", Product, "LLM 003", .. alternates],
        UsbIdentity.Configure(interfaces: 1, attributes: 0x80, [.. Dfu.Alternates(alternates.Length), functional]));
}

/// <summary>The flash routines of the Maple bootloaders (hardware.c): they check nothing and report no failure.</summary>
internal sealed class MapleFlash(IMicrocontroller board, MapleBuild build)
{
    /// <summary>Erases the page or sector that holds an address.</summary>
    /// <returns>How long it takes.</returns>
    public TimeSpan Erase(uint address)
    {
        var sector = board.Flash.SectorAt(address);
        board.Log(BoardEventKind.Flash, $"erase sector {sector} at 0x{board.Flash.Part.Sectors[sector].Address:X8}");
        return board.Flash.Erase(sector);
    }

    /// <summary>Erases the page of a block and programs the block.</summary>
    /// <returns>How long it takes.</returns>
    public TimeSpan Program(uint address, ReadOnlySpan<byte> data)
    {
        if (!board.Flash.Contains(address, data.Length))
        {
            board.Log(BoardEventKind.Violation, $"program at 0x{address:X8}: no flash there");
            board.Hang("bus fault in the bootloader");
            return TimeSpan.Zero;
        }

        var sector = board.Flash.Part.Sectors[board.Flash.SectorAt(address)];
        if (sector.Address != address && (!build.ErasesSectors || (address - sector.Address) % build.PageSize != 0))
        {
            board.Log(BoardEventKind.Violation, $"program at 0x{address:X8}: inside a page, which this erases");
        }

        var took = sector.Address == address || !build.ErasesSectors ? Erase(address) : TimeSpan.Zero;
        if (!board.Flash.Accepts(address, data))
        {
            board.Log(BoardEventKind.Violation, $"program at 0x{address:X8}: not erased");
        }

        board.Log(BoardEventKind.Flash, $"program {data.Length} bytes at 0x{address:X8}");
        return took + board.Flash.Program(address, data);
    }
}

/// <summary>A board with one of the Maple bootloaders at the beginning of its flash.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Build">Which bootloader.</param>
/// <param name="Part">Its microcontroller.</param>
internal sealed record MapleBoard(string Name, MapleBuild Build, Part Part) : IBoardKind
{
    public string DefaultSketch { get; init; } = "libmaple-f1";

    public GhostKind? Ghost { get; init; }

    public uint SketchAddress => Build.SketchAddresses[0];

    // An F103C8's 20 KiB.
    public uint StackPointer { get; init; } = 0x2000_5000;

    public IReadOnlyDictionary<string, IBoardKind> Variants { get; init; } = new Dictionary<string, IBoardKind>();

    public TimeSpan BootTime(FlashMemory flash, BootCause cause) => cause == BootCause.Boot0 ? IBoardKind.ResetTime : MapleBuild.BootTime;

    public TimeSpan SketchTime => MapleBuild.SketchTime;

    public uint SketchIn(FlashMemory flash) => Build.SketchIn(flash) ?? SketchAddress;

    public bool HasUsbRom => Build.ErasesSectors;

    public UartRomChip? Uart => UartRomChip.Of(Part);

    public FlashMemory CreateFlash()
    {
        var flash = new FlashMemory(Part);
        var size = (int)(Build.SketchAddresses.Min() - flash.Base);
        flash.Preload(flash.Base, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("MapleBootloader ", size / 16))));
        return flash;
    }

    public UsbFunction? Boot(IMicrocontroller board, BootCause cause)
    {
        if (cause == BootCause.Boot0)
        {
            return new F4Rom(board);
        }

        var justUploaded = board.BackupRegister == MapleBuild.JustUploaded;
        board.BackupRegister = 0;
        if (Build.SketchIn(board.Flash) is null)
        {
            return new MapleFunction(board, Build, stays: true);
        }

        var wanted = cause == BootCause.ByHand || (cause == BootCause.Flag && Build.UsesBackupRegister);
        return justUploaded && !wanted ? null : new MapleFunction(board, Build, wanted);
    }
}
