using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Bootloaders;

/// <summary>
/// devanlai/dapboot: plain DFU 1.1. A download begins at one fixed address and continues block by block; the descriptors do not tell
/// where. "Low" builds have the sketch above them. "High" ones are at the end of the flash, and share the first page with the sketch.
/// </summary>
internal static class DapbootFamily
{
    private const string Name = "dapboot";
    private const string Source = "devanlai/dapboot dfu.c, dapboot.c, usb_conf.c, stm32f103/target_stm32f103.c, config.h of each target";
    private const string HighName = "dapboot, high-memory build";
    private const string LowProduct = "DAPBoot DFU Bootloader";
    private const string HighProduct = "DAPBoot High-Memory DFU Bootloader";
    private const string AlternateName = "DAPBoot DFU";
    private const ushort DfuVersion = 0x0110;
    private const ushort TransferSize = 1024;
    private const uint LowStart = FlashAddress.FlashBase + 0x2000;

    // SKR mini E3 V2 (skrminie3v2/config.h): an STM32F103RC with pages of 2 KiB; the DFU interface is alternate setting 2 there, and nowhere else.
    private const byte LargePageSetting = 2;
    private const uint SmallPage = 1024;
    private const uint LargePage = 2048;
    private const ushort L1TransferSize = 128;

    // target_stm32l1.c erases pages of 256 bytes.
    private const uint L1Page = 256;

    // stm32f103x8_high.ld, stm32f103xb_high.ld and stm32f103xc_high.ld; the last is that of BTTSKRMINIE3V2_HIGH_256 (targets.mk).
    private const uint Flash64 = 0x1_0000;
    private const uint Flash128 = 0x2_0000;
    private const uint Flash256 = 0x4_0000;
    private const long MediumDensityEnd = FlashAddress.FlashBase + 0x2_0000;
    private const long SkrEnd = FlashAddress.FlashBase + 0x4_0000;

    // dfu.c: DFU_WILL_DETACH is 1, or 0 in builds that are manifestation tolerant.
    private const byte WillDetach = 0x0B;
    private const byte Tolerant = 0x07;

    private const string Retry = $"If that happens, start the bootloader by hand (RESET with BOOT1 high on a Blue Pill, with the button held on other boards) and {Again.Clause}.";

    /// <summary>The ids of dapboot (pid.codes).</summary>
    public static UsbId Id { get; } = new(0x1209, 0xDB42);

    /// <summary>The entries.</summary>
    public static IReadOnlyList<BootloaderInfo> Entries { get; } =
    [
        new(Name, Source)
        {
            Matches = (device, _) => IsLow(device) && PageOf(device) == SmallPage,
            Places = [new("--offset 0x2000", LowStart, [Low(WillDetach), Low(Tolerant)])],
            Sketch = Rule(LowStart),
            Limit = new DeviceLimit(
                "This bootloader writes the page with the vector table from front to back. If the power fails during these 50 ms at the end of the upload, it starts an incomplete sketch.",
                Retry)
            {
                PowerLost = "But if the power failed at that moment, an incomplete sketch may be started.",
            },
            IsCertain = true,
            PollsEarly = PollsEarly,
            Installation = new("dapboot", "https://github.com/devanlai/dapboot")
            {
                Id = Id,
                Mark = LowProduct,
                Licence = "ISC, with libopencm3 (LGPL-3.0-or-later)",
                Area = (int)(LowStart - FlashAddress.FlashBase),
                Chips = "STM32F103",
                Series = Stm32Series.F1,
                Parts = UartRomFamily.F103,
                Menu = "no core has an entry for it: compile the sketch for 0x08002000, for example with \"Maple DFU Bootloader 2.0\" (Arduino_Core_STM32), and upload it from the command line",
                Choice = "Build dapboot.bin from its sources, as its README says (make TARGET=BLUEPILL); see also https://github.com/devanlai/dapboot/releases. "
                    + "Its high-memory builds share the first page with the sketch, and are not installed by this command.",
            },
        },
        new("dapboot with pages of 2 KiB", Source)
        {
            Matches = (device, _) => IsLow(device) && PageOf(device) == LargePage,
            Family = Name,
            Places = [new("--offset 0x2000", LowStart, [Low(Tolerant, LargePageSetting)])],
            Sketch = Rule(LowStart),
            Limit = InHalves,
            IsCertain = true,
            PollsEarly = PollsEarly,
        },
        new("dapboot on an STM32L1", "devanlai/dapboot stm32l1/target_stm32l1.c, stm32l1/generic/config.h; not tried")
        {
            Matches = (device, _) => IsLow(device) && PageOf(device) == L1Page,
            Family = Name,
            Sketch = Rule(LowStart),
            Limit = InHalves,
            IsCertain = true,
            PollsEarly = PollsEarly,
        },
        new(HighName, $"{Source}; stm32f103x8_high.ld, stm32f103xb_high.ld")
        {
            Matches = (device, _) => IsHigh(device) && PageOf(device) != LargePage,
            Places = [new("--offset 0", FlashAddress.FlashBase, [High(WillDetach), High(Tolerant)]) { FlashSizes = [Flash64, Flash128] }],
            Sketch = Rule(FlashAddress.FlashBase),
            KeptVectors = new KeptVectors(0x1C),
            Limit = new DeviceLimit(
                "This bootloader keeps its own vectors in the first page of the sketch, and rewrites that page at the beginning and at the end of an upload. "
                    + "A power failure during these 50 ms destroys the bootloader, or leaves an incomplete sketch that it starts.",
                "Leave the cable plugged in until the upload is complete. (To restore a destroyed bootloader, use BOOT0 and a serial adapter, or an ST-Link.)")
            {
                PowerLost = "But if the power failed at that moment, the bootloader is destroyed or an incomplete sketch may be started: if the bootloader no longer appears, restore it with BOOT0 and a serial adapter, or with an ST-Link.",
            },
            IsCertain = true,
            PollsEarly = PollsEarly,
        },
        new("dapboot, high-memory build with pages of 2 KiB", $"{Source}; stm32f103xc_high.ld")
        {
            Matches = (device, _) => IsHigh(device),
            Family = HighName,
            Places = [new("--offset 0", FlashAddress.FlashBase, [High(Tolerant, LargePageSetting)]) { FlashSizes = [Flash256] }],
            Sketch = Rule(FlashAddress.FlashBase),
            KeptVectors = new KeptVectors(0x1C),
            Limit = new DeviceLimit(
                "This bootloader keeps its own vectors in the first page of the sketch, and rewrites that page, in two blocks, at the beginning and at the end of an upload. "
                    + "A power failure during these 0.1 s destroys the bootloader, or leaves an incomplete sketch that it starts. So does an upload that ends between the two blocks.",
                "Leave the cable plugged in until the upload is complete. (To restore a destroyed bootloader, use BOOT0 and a serial adapter, or an ST-Link.)")
            {
                PowerLost = "But if the power failed or the upload ended at that moment, the bootloader is destroyed or an incomplete sketch may be started: if the bootloader no longer appears, restore it with BOOT0 and a serial adapter, or with an ST-Link.",
            },
            IsCertain = true,
            PollsEarly = PollsEarly,
        },
    ];

    /// <summary>Where a dapboot device writes; null for any other device.</summary>
    /// <param name="device">Its descriptors.</param>
    /// <param name="flashSize">The size of the flash for which a high-memory build was linked; null if it must be looked for.</param>
    public static DownloadArea? AreaOf(DfuDescription device, uint? flashSize)
    {
        if (IsHigh(device))
        {
            if (flashSize is { } known)
            {
                return HighArea(known, PageOf(device));
            }

            // The smallest build. Only reading tells a larger one, since the descriptors are the same.
            return HighArea(Flash64, PageOf(device)) with { OwnText = HighProduct, OwnPlaces = [Flash64, Flash128, Flash256] };
        }

        // The size of the flash cannot be asked. FLASH_SIZE_OVERRIDE is 128 KiB in most builds; the L1 looks at one byte of its size in KiB.
        return IsLow(device)
            ? new DownloadArea(LowStart, PageOf(device), PageOf(device) == SmallPage ? MediumDensityEnd : SkrEnd)
            : null;
    }

    /// <summary>Where a high-memory build writes.</summary>
    /// <param name="flashSize">The size of the flash that it was linked for (stm32f103x8_high.ld and its relatives): its own 7 KiB are the last of it.</param>
    /// <param name="page">The size of a page.</param>
    public static DownloadArea HighArea(uint flashSize, uint page) =>
        new(FlashAddress.FlashBase, page, FlashAddress.FlashBase + (flashSize - DownloadArea.OwnSize) / page * page) { OwnEnd = FlashAddress.FlashBase + flashSize };

    // dfu.c: target_flash_program_array() runs when the GETSTATUS that says dfuDNBUSY is over, with the USB peripheral answering NAK meanwhile.
    private const string PollsEarly = "its source: erasing and programming run after GETSTATUS, and the next request waits";

    private static DeviceLimit InHalves => new(
        "This bootloader writes the page with the vector table in two blocks. If the upload ends between them, in the last moment, it starts an incomplete sketch after the next reset.",
        Retry)
    {
        PowerLost = "But if the power failed or the upload ended at that moment, an incomplete sketch may be started.",
    };

    // Strings can be changed in a build, and such a build may be either kind: then it is an unknown device.
    private static bool IsLow(DfuDescription device) => device is { IsPlainDfu: true, Product: LowProduct };

    private static bool IsHigh(DfuDescription device) => device is { IsPlainDfu: true, Product: HighProduct };

    private static uint PageOf(DfuDescription device) =>
        device.Functional.TransferSize == L1TransferSize ? L1Page
        : device.Alternates[0].Setting == LargePageSetting ? LargePage
        : SmallPage;

    // dapboot.c, validate_application().
    private static SketchRule Rule(uint address) =>
        new(address, stack => (stack & 0x2FFE_0000) == 0x2000_0000, "0x20000000 to 0x2001FFFF") { StartsNothingElse = true };

    private static DfuDescription Low(byte attributes, byte setting = 0) => Device(LowProduct, attributes, setting);

    private static DfuDescription High(byte attributes, byte setting = 0) => Device(HighProduct, attributes, setting);

    private static DfuDescription Device(string product, byte attributes, byte setting) =>
        BootloaderCatalogue.Device(Id, "Devanarchy", product, attributes, TransferSize, DfuVersion) with { Alternates = [new DfuAlternate(0, setting, AlternateName)] };
}

/// <summary>Where a plain DFU bootloader writes, which no descriptor tells.</summary>
/// <param name="Start">Where every download begins.</param>
/// <param name="Page">What it erases at once, in bytes.</param>
/// <param name="End">The end of what may be written.</param>
public sealed record DownloadArea(uint Start, uint Page, long End)
{
    /// <summary>How many bytes a bootloader at the end of the flash occupies (dapboot's linker scripts).</summary>
    public const uint OwnSize = 0x1C00;

    /// <summary>The end of the bootloader's own pages, which begin at <see cref="End"/>; null if they are below the sketch.</summary>
    public long? OwnEnd { get; init; }

    /// <summary>A text that its own pages contain, by which they are found; null if they need not be looked for.</summary>
    public string? OwnText { get; init; }

    /// <summary>The sizes of flash at whose end its own pages may be, ascending.</summary>
    public IReadOnlyList<uint> OwnPlaces { get; init; } = [];
}
