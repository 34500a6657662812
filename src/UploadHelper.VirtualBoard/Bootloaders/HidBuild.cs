using System.Text;
using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>How the builds of the HID bootloader for the F1 differ (Serasidis/STM32_HID_Bootloader).</summary>
/// <param name="Release">bcdDevice.</param>
/// <param name="SketchAddress">Where it writes and starts sketches: the end of its own pages.</param>
/// <param name="PageSize">PAGE_SIZE: 1024, or 2048 for high-density parts.</param>
/// <param name="UsesOldRegister">Whether it looks for 0x424C in DR10; otherwise in DR4.</param>
/// <param name="AnswersReset">Whether command 0 is answered, and the middle of a page of 2 KiB.</param>
public sealed record HidBuild(ushort Release, uint SketchAddress, int PageSize, bool UsesOldRegister, bool AnswersReset)
{
    private const uint FlashBase = 0x0800_0000;

    /// <summary>2.0, at 85526e2; the published binary.</summary>
    public static HidBuild V20 { get; } = new(0x0200, 0x0800_1000, 1024, UsesOldRegister: true, AnswersReset: false);

    /// <summary>Of January 2019, at fa7fb65; the published binary.</summary>
    public static HidBuild January2019 { get; } = V20 with { SketchAddress = 0x0800_0800 };

    /// <summary>2.1, at e7fc1ea; the published binary.</summary>
    public static HidBuild V21 { get; } = January2019 with { Release = 0x0300 };

    /// <summary>2.2.1, source only.</summary>
    public static HidBuild V221 { get; } = V21 with { UsesOldRegister = false };

    /// <summary>2.2.2, at 063e25e; source only.</summary>
    /// <param name="pageSize">1024 or 2048 (Makefile, PAGE_SIZE).</param>
    public static HidBuild V222(int pageSize) => V221 with { PageSize = pageSize, AnswersReset = true };

    /// <summary>MIN_PAGE: the number of the first page after its own.</summary>
    public byte FirstPage => (byte)((SketchAddress - FlashBase) / PageSize);

    /// <summary>USB_ReportDescriptor of the F1.</summary>
    internal static byte[] F1Report =>
    [
        0x06, 0x00, 0xFF, 0x09, 0x01, 0xA1, 0x01, 0x09, 0x02, 0x15, 0x00, 0x25, 0xFF, 0x75, 0x08, 0x95, 0x08, 0x81, 0x02,
        0x09, 0x03, 0x15, 0x00, 0x25, 0xFF, 0x75, 0x08, 0x95, 0x40, 0x91, 0x02, 0xC0,
    ];

    /// <summary>CUSTOM_HID_ReportDesc_FS of the F4.</summary>
    internal static byte[] F4Report =>
        [0x06, 0x00, 0xFF, 0x09, 0x00, 0xA1, 0x01, 0x75, 0x08, 0x95, 0x40, 0x91, 0x03, 0x75, 0x08, 0x95, 0x08, 0x81, 0x03, 0xC0];

    /// <summary>The descriptors on an F1 (hid.c).</summary>
    /// <param name="release">bcdDevice.</param>
    internal static UsbIdentity F1Identity(ushort release) => Identify(
        0x0110, release, ["www.serasidis.gr", "STM32F HID Bootloader"], [9, 4, 0, 0, 1, 3, 0, 0, 0], Hid(F1Report), [7, 5, 0x81, 3, 8, 0, 5]) with
    {
        ControlPacketSize = 8,
    };

    /// <summary>The descriptors on an F4 (usbd_desc.c, usbd_customhid.c); the endpoint for reports to it is declared isochronous.</summary>
    internal static UsbIdentity F4Identity() => Identify(
        0x0200,
        0x0300,
        ["www.serasidis.gr", "STM32 HID bootloader", "1234567890"],
        [9, 4, 0, 0, 2, 3, 0, 0, 0],
        Hid(F4Report),
        [7, 5, 0x81, 3, 8, 0, 0x20],
        [7, 5, 0x01, 1, 64, 0, 0x20]);

    private static byte[] Hid(byte[] report) => [9, 0x21, 0x11, 0x01, 0, 1, 0x22, (byte)report.Length, 0];

    private static UsbIdentity Identify(ushort usbRelease, ushort release, string[] strings, params byte[][] parts) => new(
        0x1209, 0xBEBA, usbRelease, release, DeviceClass: 0, strings, UsbIdentity.Configure(interfaces: 1, attributes: 0xC0, parts));
}

/// <summary>A board with the HID bootloader at the beginning of its flash.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Part">Its microcontroller.</param>
/// <param name="SketchAddress">Where sketches begin.</param>
internal sealed record HidBoard(string Name, Part Part, uint SketchAddress) : IBoardKind
{
    private static readonly byte[] Code = Encoding.ASCII.GetBytes("HID bootloader! ");

    /// <summary>The build for an F1; null for the F4.</summary>
    public HidBuild? Build { get; init; }

    /// <summary>Whether its code is a file that someone has written, and not <see cref="Code"/>.</summary>
    public bool IsWritten { get; init; }

    public string DefaultSketch { get; init; } = "stm32core-hid";

    public UartRomChip? Uart => UartRomChip.Of(Part);

    public uint StackPointer { get; init; } = 0x2000_5000;

    public bool HasUsbRom => Build is null;

    public IReadOnlyDictionary<string, IBoardKind> Variants { get; init; } = new Dictionary<string, IBoardKind>();

    /// <summary>An STM32F103CB, with 2.2.2 by default.</summary>
    public static HidBoard F1 { get; } = OnF1(HidBuild.V222(1024)) with
    {
        Variants = new Dictionary<string, IBoardKind>
        {
            ["generation=2.0"] = OnF1(HidBuild.V20) with { DefaultSketch = "libmaple-f1" },
            ["generation=2019"] = OnF1(HidBuild.January2019),
            ["generation=2.1"] = OnF1(HidBuild.V21),
            ["generation=2.2.1"] = OnF1(HidBuild.V221),
            ["generation=2.2.2"] = OnF1(HidBuild.V222(1024)),
            ["size=512"] = OnF1(HidBuild.V222(2048), Part.Stm32F103HighDensity()),
        },
    };

    /// <summary>An STM32F407.</summary>
    public static HidBoard F4 { get; } = new("hid-f4", Part.Stm32F405(), 0x0800_4000) { StackPointer = 0x2002_0000 };

    public FlashMemory CreateFlash()
    {
        var flash = new FlashMemory(Part);
        for (var address = flash.Base; address < SketchAddress; address += (uint)Code.Length)
        {
            flash.Preload(address, Code);
        }

        return flash;
    }

    // Without the bootloader the processor finds no vectors.
    public uint SketchIn(FlashMemory flash) => IsIntact(flash) ? SketchAddress : flash.Base;

    public UsbFunction? Boot(IMicrocontroller board, BootCause cause) =>
        cause == BootCause.Boot0 ? new F4Rom(board)
        : !IsIntact(board.Flash) ? null
        : Build is { } build ? BootF1(board, build, cause)
        : BootF4(board, cause);

    // main(): PB2 (BOOT1) is high, the flag is set, or there is no sketch.
    private HidFunction? BootF1(IMicrocontroller board, HidBuild build, BootCause cause)
    {
        var isWanted = cause is BootCause.ByHand or BootCause.HidFlag || (cause == BootCause.Flag && build.UsesOldRegister);
        var stack = BitConverter.ToUInt32(board.Flash.Read(SketchAddress, sizeof(uint)));
        return isWanted || (stack & 0x2FFE_0000) != 0x2000_0000 ? new HidFunction(board, build) : null;
    }

    // main(): the flag is set, or the button is held; otherwise it jumps, whatever is there.
    private static HidF4Function? BootF4(IMicrocontroller board, BootCause cause) =>
        cause is BootCause.ByHand or BootCause.HidFlag ? new HidF4Function(board) : null;

    /// <summary>A board with an STM32F1 and a build.</summary>
    public static HidBoard F1With(HidBuild build) => OnF1(build);

    private bool IsIntact(FlashMemory flash) => IsWritten || !flash.IsErased(flash.Base, (int)(SketchAddress - flash.Base)) && flash.Read(flash.Base, Code.Length).SequenceEqual(Code);

    private static HidBoard OnF1(HidBuild build, Part? part = null) => new("hid-f1", part ?? Part.Stm32F103(128), build.SketchAddress)
    {
        Build = build,
        StackPointer = part is null ? 0x2000_5000u : 0x2001_0000,
    };
}
