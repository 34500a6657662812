using System.Buffers.Binary;
using System.Text;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Sketches;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>How the builds of devanlai/dapboot for an STM32F103 differ (8a1f099, config.h and linker script of each target).</summary>
/// <param name="Start">APP_BASE_ADDRESS.</param>
/// <param name="FlashEnd">Where it takes the flash to end: FLASH_SIZE_OVERRIDE, or the part's own size.</param>
/// <param name="PageSize">FLASH_PAGE_SIZE.</param>
/// <param name="WillDetach">DFU_WILL_DETACH; without it, the bootloader is manifestation tolerant.</param>
/// <param name="AlternateSetting">USB_DFU_ALTN: the alternate setting with the DFU interface; those before it are empty.</param>
public sealed record DapbootBuild(uint Start, uint FlashEnd, uint PageSize, bool WillDetach, int AlternateSetting = 0)
{
    /// <summary>Where a high-memory build keeps the sketch's stack pointer, followed by its reset vector.</summary>
    public const int SketchVectors = 0x1C;

    /// <summary>sizeof(vector_table_t) for an STM32F1: 16 exceptions and 68 interrupts.</summary>
    public const int VectorTableSize = 0x150;

    /// <summary>WINUSB_MS_VENDOR_CODE: by which Windows asks for its driver.</summary>
    public const byte WinUsbCode = 0x21;

    /// <summary>WEBUSB_VENDOR_CODE: by which a browser asks for its page.</summary>
    public const byte WebUsbCode = 0x01;

    private const uint FlashBase = 0x0800_0000;
    private const uint Low = FlashBase + 0x2000;

    /// <summary>BLUEPILL.</summary>
    public static DapbootBuild BluePill { get; } = new(Low, FlashBase + 0x2_0000, 1024, WillDetach: true);

    /// <summary>BLUEPILL with DFU_WILL_DETACH=0.</summary>
    public static DapbootBuild TolerantBluePill { get; } = BluePill with { WillDetach = false };

    /// <summary>BLUEPILL_HIGH, for 64 KiB of flash, where FLASH_SIZE_OVERRIDE is 128 KiB all the same.</summary>
    public static DapbootBuild High64 { get; } = BluePill with { Start = FlashBase, OwnPages = FlashBase + 0xE400 };

    /// <summary>BLUEPILL_HIGH_128.</summary>
    public static DapbootBuild High128 { get; } = High64 with { OwnPages = FlashBase + 0x1_E400 };

    /// <summary>BTTSKRMINIE3V2. It asks the chip for the size of its flash.</summary>
    public static DapbootBuild SkrMiniE3 { get; } = new(Low, FlashBase + 0x4_0000, 2048, WillDetach: false, AlternateSetting: 2);

    /// <summary>BTTSKRMINIE3V2_HIGH_256.</summary>
    public static DapbootBuild SkrMiniE3High { get; } = SkrMiniE3 with { Start = FlashBase, OwnPages = FlashBase + 0x3_E400 };

    /// <summary>BLUEPILL with ids and strings of somebody's own (USB_VID, USB_PID, USB_PRODUCT_STRING...), so that nothing tells what it is.</summary>
    public static DapbootBuild Custom { get; } = BluePill with { ProductId = 0xCAFE, HasOwnStrings = true };

    /// <summary>idProduct; idVendor is that of pid.codes.</summary>
    public ushort ProductId { get; init; } = 0xDB42;

    /// <summary>Whether its strings are not dapboot's.</summary>
    public bool HasOwnStrings { get; init; }

    /// <summary>DFU_UPLOAD_AVAILABLE.</summary>
    public bool CanUpload { get; init; } = true;

    /// <summary>The compatible ids of Microsoft OS 1.0 (winusb.c): WinUSB for interface 0.</summary>
    public static byte[] CompatibleIds { get; } = [40, 0, 0, 0, 0, 1, 4, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, .. "WINUSB\0\0"u8, .. new byte[14]];

    /// <summary>The URL descriptor of WebUSB (webusb.c), with https.</summary>
    public static byte[] LandingPage { get; } = [38, 3, 1, .. "devanlai.github.io/webdfu/dfu-util/"u8];

    /// <summary>The stack pointer and reset vector of a high-memory build.</summary>
    public static byte[] OwnVectors { get; } = [0x00, 0x50, 0x00, 0x20, 0xC1, 0xE5, 0x00, 0x08];

    /// <summary>Where its own code begins, if that is at the end of the flash.</summary>
    public uint? OwnPages { get; init; }

    /// <summary>Whether it is a high-memory build: it shares the first page with the sketch.</summary>
    public bool IsHigh => OwnPages is not null;

    /// <summary>The descriptors (usb_conf.c).</summary>
    public UsbIdentity Identity => new(
        0x1209,
        ProductId,
        UsbRelease: 0x0210,
        Release: 0x0111,
        DeviceClass: 0,
        [HasOwnStrings ? "Example" : "Devanarchy", Product, "38FFDB05484D303247582243", HasOwnStrings ? "Example DFU" : "DAPBoot DFU"],
        UsbIdentity.Configure(interfaces: 1, attributes: 0xC0, [.. Settings()]))
    {
        // For WebUSB; webusb.c has the UUID, and what follows the version is WEBUSB_VENDOR_CODE. The string, with WINUSB_MS_VENDOR_CODE, is for Windows.
        DeviceObjectStore = [5, 0x0F, 29, 0, 1, 24, 0x10, 5, 0, 0x38, 0xB6, 0x08, 0x34, 0xA9, 0x09, 0xA0, 0x47, 0x8B, 0xFD, 0xA0, 0x76, 0x88, 0x15, 0xB6, 0x65, 0, 1, 1, 1],
        OddStrings = new Dictionary<int, byte[]> { [0xEE] = UsbIdentity.Text("MSFT100!") },
    };

    /// <summary>Its product string.</summary>
    public string Product => HasOwnStrings ? "Example Bootloader" : IsHigh ? "DAPBoot High-Memory DFU Bootloader" : "DAPBoot DFU Bootloader";

    /// <summary>Whether it would start the sketch (validate_application()).</summary>
    public bool HasSketch(FlashMemory flash) =>
        (BinaryPrimitives.ReadUInt32LittleEndian(flash.Read(Start + (IsHigh ? (uint)SketchVectors : 0), sizeof(uint))) & 0x2FFE_0000) == 0x2000_0000;

    private IEnumerable<byte[]> Settings()
    {
        for (byte setting = 0; setting < AlternateSetting; setting++)
        {
            yield return [9, 4, 0, setting, 0, 0, 0, 0, 0];
        }

        yield return [9, 4, 0, (byte)AlternateSetting, 0, 0xFE, 1, 2, 4];
        yield return [9, 0x21, (byte)(1 | (CanUpload ? 2 : 0) | (WillDetach ? 8 : 4)), 0xFF, 0, OpenCm3DfuFunction.TransferSize & 0xFF, OpenCm3DfuFunction.TransferSize >> 8, 0x10, 0x01];
    }
}

/// <summary>A board with dapboot. Nothing but its button or BOOT1, the magic word in DR1, or the lack of a sketch starts the bootloader.</summary>
/// <param name="Build">Which build.</param>
/// <param name="Part">Its microcontroller.</param>
internal sealed record DapbootBoard(DapbootBuild Build, Part Part) : IBoardKind
{
    public string Name => "dapboot";

    public string DefaultSketch => "libmaple-f1";

    public uint SketchAddress => Build.Start;

    // An F103C8's 20 KiB.
    public uint StackPointer => 0x2000_5000;

    public bool HasUsbRom => false;

    public UartRomChip? Uart => UartRomChip.Of(Part);

    public IReadOnlyDictionary<string, IBoardKind> Variants { get; init; } = new Dictionary<string, IBoardKind>();

    public FlashMemory CreateFlash()
    {
        var flash = new FlashMemory(Part);
        var own = Build.OwnPages ?? flash.Base;
        var size = (int)((Build.OwnPages is null ? Build.Start - flash.Base : 0x1C00) / 16);
        flash.Preload(own, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("dapboot's code. ", size))));
        flash.Preload(own + 0x400, Encoding.ASCII.GetBytes(Build.Product + '\0'));
        if (Build.IsHigh)
        {
            // What follows in its vector table leads to its own handlers.
            flash.Preload(flash.Base, DapbootBuild.OwnVectors);
            flash.Preload(flash.Base + 8, new byte[DapbootBuild.VectorTableSize - 8]);
        }

        return flash;
    }

    public void Install(FlashMemory flash, byte[] sketch)
    {
        if (!Build.IsHigh)
        {
            flash.Preload(SketchAddress, sketch);
            return;
        }

        flash.Preload(SketchAddress + 8, sketch.AsSpan(8));
        flash.Preload(SketchAddress + DapbootBuild.SketchVectors, sketch.AsSpan(0, 8));
    }

    public SketchInFlash ReadSketch(FlashMemory flash, uint address) => SketchInFlash.Read(flash, address, Build.IsHigh ? DapbootBuild.SketchVectors : 0);

    // A high-memory build without its own vectors does not start at all.
    public UsbFunction? Boot(IMicrocontroller board, BootCause cause) =>
        (!Build.IsHigh || board.Flash.Read(board.Flash.Base, 8).SequenceEqual(DapbootBuild.OwnVectors))
        && (cause is BootCause.ByHand or BootCause.Detached || !Build.HasSketch(board.Flash))
            ? new DapbootFunction(board, Build)
            : null;
}
