using UploadHelper.VirtualBoard.Flash;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>What the Maple bootloaders differ in; their state machine is the same (dfu.c).</summary>
/// <param name="Identity">Their descriptors.</param>
/// <param name="Starts">Where each alternate setting writes; null where it writes to RAM, or refuses to.</param>
/// <param name="SketchAddresses">Where it looks for a sketch, in this order.</param>
/// <param name="StackMask">The bits of a stack pointer that must be 0x20000000 for a sketch to be one (checkUserCode).</param>
/// <param name="PageSize">wTransferSize: also the size of a page.</param>
/// <param name="BusyPoll">bwPollTimeout of dfuDNBUSY, where its main loop programs; null where GETSTATUS does.</param>
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

    // Blinks are loops of 0x50000 and 0x100000 turns at 72 MHz, about 6 cycles each (INF), twice a blink.
    private static readonly TimeSpan FastBlink = TimeSpan.FromMilliseconds(55);
    private static readonly TimeSpan SlowBlink = TimeSpan.FromMilliseconds(175);
    private const uint Above20K = 0x0800_5000;
    private const uint Above8K = 0x0800_2000;
    private const uint Above64K = 0x0801_0000;

    /// <summary>Whether a download leaves 0x424D in DR10, so that the next boot starts the sketch at once, and 0x424C keeps it in DFU mode.</summary>
    public bool UsesBackupRegister { get; init; }

    /// <summary>The page that the first block of a download through the second alternate setting erases beside its own, or null.</summary>
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
            ["DFU Program RAM 0x20000C00", "DFU Program FLASH 0x08005000"],
            [9, 0x21, 0x03, 0xFF, 0, 0x00, 0x04, 0x10, 0x01]),
        [null, Above20K],
        [Above20K],
        StackMask: 0x2FFE_0000,
        PageSize: 1024,
        BusyPoll: TimeSpan.FromMilliseconds(32),
        BootWindow: 5 * FastBlink + 6 * SlowBlink);

    /// <summary>
    /// gbulmer/openstm32sw at d70fe3f, stm32f4/maple-bootloader. Its flash.c is still the F1's; that a sector is erased once,
    /// by the block at its beginning, is how 2 KiB blocks can reach the flash of an F4 at all (INF).
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
        ["LeafLabs", "Maple 003", "LLM 003", .. alternates],
        UsbIdentity.Configure(interfaces: 1, attributes: 0x80, [.. DfuDescriptors.Alternates(alternates.Length), functional]));
}
