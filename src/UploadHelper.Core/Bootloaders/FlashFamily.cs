using UploadHelper.Core.Chips;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Bootloaders;

/// <summary>victorpv/F4Bootloader, old and new builds.</summary>
internal static class F4BootloaderFamily
{
    private const string PollsEarly = "its source: erasing and programming run inside GETSTATUS";
    private const byte Attributes = 0x0B;
    private const ushort TransferSize = 1024;

    // The stack pointer: one word on F2 to F7.
    private const int OneWord = 4;

    /// <summary>The entries; the old build first, since the rule of the new one matches both.</summary>
    public static IReadOnlyList<BootloaderInfo> Entries { get; } =
    [
        new("F4Bootloader (old build)", "victorpv/F4Bootloader at 54c6ba5, main.c: 2.26 s after a reset; once USB is up, it stays in DFU mode")
        {
            Matches = (device, map) => IsF4Bootloader(device, map) && map.Groups[0].Count > 1,
            Places = [new("--offset 0x10000", 0x0801_0000, [Device("@Internal Flash   /0x08000000/04*016Ka,01*064Kg,03*128Kg")])],
            StartsSketchAfter = TimeSpan.FromSeconds(2.26),
            PollsEarly = PollsEarly,
            LastWrite = OneWord,

            // main.c at 54c6ba5.
            Sketch = new SketchRule(
                0x0801_0000,
                stack => (stack & 0xFFFD_0FFF) == 0x2000_0000,
                "0x20000000 to 0x2000F000 and 0x20020000 to 0x2002F000, in steps of 4 KiB")
            {
                StartsNothingElse = true,
            },
        },
        new("F4Bootloader", "victorpv/F4Bootloader main.c: 1 s after a reset, then 30 blinks of 300 ms; usbd_dfu_flash.c: GetSector()")
        {
            Matches = IsF4Bootloader,
            Places = [new("--offset 0x4000", 0x0800_4000, [Device("@Internal Flash   /0x08000000/01*016Ka,03*016Kg,01*064Kg,07*128Kg")])],
            StartsSketchAfter = TimeSpan.FromSeconds(10),
            StartsSketchByItself = true,
            PollsEarly = PollsEarly,
            LastWrite = OneWord,

            // main.c at bcf6ae4, userAppExists().
            Sketch = new SketchRule(
                0x0800_4000,
                stack => (stack & 0xFFFC_0000) is 0x2000_0000 or 0x1000_0000,
                "0x20000000 to 0x2003FFFF and 0x10000000 to 0x1003FFFF")
            {
                StartsNothingElse = true,
            },

            // Its GetSector() maps every address from 0x08060000 on to the last sector of 512 KiB.
            Writable = new WritableRange(
                FlashAddress.FlashBase, 0x0808_0000, "", "it is above 0x0807FFFF, where this bootloader erases a different sector from the one requested"),
            Installation = new("f4boot", "https://github.com/victorpv/F4Bootloader/tree/master/Debug")
            {
                Id = StRomFamily.Id,
                Mark = "DFU in FS Mode",
                Licence = "not stated; parts of its sources: ST's licence for ST's chips",
                Area = 0x4000,
                Chips = "STM32F405 and F407",
                Series = Stm32Series.F4,
                Parts = [0x413, 0x419],
                Menu = "\"F4Bootloader, USB DFU (0x4000)\" (Arduino_STM32 and STM32GENERIC with upload-helper's overlay)",
                Choice = "The chip already has a bootloader for USB in its ROM. This one starts without BOOT0, by a reset.",
                Version = "bcf6ae4",
                Builds =
                [
                    new("F4Bootloader.bin", 14144, "boards with an F407 and an 8 MHz crystal", "9b1fa80bce45594c9a3606ccef7051589c1344fe4dc86764b98d0904384149b7"),
                ],
            },
        },
    ];

    private static bool IsF4Bootloader(DfuDescription device, MemoryMap map) =>
        device.Functional.TransferSize == TransferSize
        && map.Groups[0] is { Address: FlashAddress.FlashBase, SectorSize: 0x4000, Access: SectorAccess.Read };

    // usbd_desc.c.
    private static DfuDescription Device(string map) => BootloaderCatalogue.Device(
        StRomFamily.Id, "STMicroelectronics", "DFU in FS Mode", Attributes, TransferSize, DfuFunctionalDescriptor.DfuSeVersion, map);
}

/// <summary>DfuSe bootloaders in the flash of an STM32F103.</summary>
internal static class F1Family
{
    private const string PollsEarly = "its source: erasing and programming run after GETSTATUS, and the next request waits";

    // The stack pointer: two half-words, the lower first.
    private const int OneWord = 4;

    // 128 KiB from the flash base.
    private const long Largest1KiBPages = 0x0802_0000;

    // main.c, usbdfu_getstatus_complete().
    private static readonly KeptVectors H0wch33Vectors = new(0x1C);

    /// <summary>The entries.</summary>
    public static IReadOnlyList<BootloaderInfo> Entries { get; } =
    [
        new("h0wch33/stm32f1_dfu on a part with 2 KiB pages", "h0wch33/stm32f1_dfu README.md: pages of 2 KiB are not supported; PM0075: parts with more than 128 KiB have them")
        {
            Matches = (device, map) => IsH0wch33(device) && map.Groups[^1].End > Largest1KiBPages,
            IsCertain = true,
            KeptVectors = H0wch33Vectors,
            Writable = new WritableRange(
                uint.MaxValue,
                long.MaxValue,
                "this part has pages of 2 KiB, which this bootloader erases as if they had 1 KiB. The erase of the second KiB would destroy the bootloader",
                "")
            {
                Hint = "Upload the sketch with BOOT0 and a serial adapter, or with an ST-Link.",
            },
        },
        new("h0wch33/stm32f1_dfu", "h0wch33/stm32f1_dfu main.c")
        {
            Matches = (device, _) => IsH0wch33(device),
            IsCertain = true,
            Places =
            [
                new("--offset 0", FlashAddress.FlashBase, [H0wch33("@Internal Flash   /0x08000000/50*001Kg,14*001Ka")]) { Label = "64 KiB part" },
                new("--offset 0", FlashAddress.FlashBase, [H0wch33("@Internal Flash   /0x08000000/114*001Kg,14*001Ka")]) { Label = "128 KiB part" },
            ],
            PollsEarly = PollsEarly,
            KeptVectors = H0wch33Vectors,

            // main.c, main(): up to the end of 96 KiB of RAM.
            Sketch = new SketchRule(FlashAddress.FlashBase, stack => stack is >= 0x2000_0000 and <= 0x2001_8000, "0x20000000 to 0x20018000")
            {
                StartsNothingElse = true,
            },
            Limit = new DeviceLimit(
                "This bootloader keeps its own vectors in the first page of the sketch, and rewrites that page at the beginning and at the end of an upload. "
                    + "A power failure during these 50 ms destroys the bootloader.",
                "Leave the cable plugged in until the upload is complete. (To restore a destroyed bootloader, use BOOT0 and a serial adapter, or an ST-Link.)")
            {
                PowerLost = "But if the power failed at that moment, the bootloader is destroyed: if it no longer appears, restore it with BOOT0 and a serial adapter, or with an ST-Link.",
            },
            Installation = new("h0wch33", "https://github.com/h0wch33/stm32f1_dfu/tree/master/Debug")
            {
                Id = StRomFamily.Id,
                Mark = "HCHEW",
                Licence = "MIT",
                Area = 0x3800,
                Chips = "STM32F103 with at most 128 KiB of flash",
                Series = Stm32Series.F1,
                Parts = [0x410],
                Menu = "an entry for sketches at 0x08000000, for example \"STM32CubeProgrammer (DFU)\" (Arduino_Core_STM32)",
                Choice = "When it first starts, it moves itself to the end of the flash. Sketches then begin at the start of the flash, and share their first page with it.",
                Version = "5931735",
                Builds =
                [
                    new("stm32f1_dfu.bin", 14240, "any board; it uses only the pins of USB", "e624cfe1f0c2d349a038172bd504243d06870dcf0545871d079afa5856cb1a71"),
                ],
            },
        },
        new("DSO Nano bootloader", "cyberwasp/dso-nano-dfu usb_prop.c, main.c, hw_config.h")
        {
            Matches = (device, _) => device.Product == "STM32 DFU" && device.Alternates.Any(a => a.Name.Contains("M25P64", StringComparison.Ordinal)),
            IsCertain = true,
            Places =
            [
                new("--offset 0x4000", 0x0800_4000, [DsoNano()]) { Label = "library" },
                new("--offset 0xC000", 0x0800_C000, [DsoNano()]) { Label = "application" },
            ],
            PollsEarly = PollsEarly,
            LastWrite = OneWord,

            // main.c.
            Sketch = new SketchRule(0x0800_4000, stack => (stack & 0x2FFF_0000) == 0x2000_0000, "0x20000000 to 0x2000FFFF"),
            Writable = new WritableRange(0x0800_4000, 0x0802_0000, "it contains the end of the bootloader, although the memory map marks it as writable", ""),

            // The SPI flash is written in whole pages; a write that begins inside a page wraps around within it.
            ProgramUnit = 256,
        },
        new("libopencm3 usbdfu", "libopencm3-examples usbdfu.c")
        {
            Matches = (device, _) => device.Product == "DFU Demo" && !device.Functional.CanUpload,
            Places =
            [
                new("--offset 0x2000", 0x0800_2000, [BootloaderCatalogue.Device(
                    StRomFamily.Id, "Black Sphere Technologies", "DFU Demo", 0x09, 1024, DfuFunctionalDescriptor.DfuSeVersion, "@Internal Flash   /0x08000000/8*001Ka,56*001Kg")]),
            ],

            // usbdfu.c, main(): the same test as libmaple's.
            Sketch = new SketchRule(0x0800_2000, stack => (stack & 0x2FFE_0000) == 0x2000_0000, "0x20000000 to 0x2001FFFF"),
        },
    ];

    private static bool IsH0wch33(DfuDescription device) => device is { Manufacturer: "HCHEW", Functional.CanUpload: false };

    private static DfuDescription H0wch33(string map) => BootloaderCatalogue.Device(
        StRomFamily.Id, "HCHEW", "STM32 DFU Emulation", 0x09, 1024, DfuFunctionalDescriptor.DfuSeVersion, map);

    private static DfuDescription DsoNano() => BootloaderCatalogue.Device(
        StRomFamily.Id,
        "STMicroelectronics",
        "STM32 DFU",
        0x0B,
        1024,
        DfuFunctionalDescriptor.DfuSeVersion,
        "@Internal Flash  /0x08000000/12*001Ka,116*001Kg",
        "@SPI Flash : M25P64/0x00000000/64*064Kg,64*064Kg");
}

/// <summary>Arduino's bootloader for its boards with an STM32H747 (ArduinoCore-mbed).</summary>
internal static class ArduinoFamily
{
    private const ushort BlockSize = 4096;
    private const uint SketchAddress = 0x0804_0000;

    /// <summary>The ids on a Portenta H7.</summary>
    public static UsbId Portenta { get; } = new(0x2341, 0x035B);

    /// <summary>The ids on a Nicla Vision.</summary>
    public static UsbId Nicla { get; } = new(0x2341, 0x035F);

    /// <summary>The ids on an Opta.</summary>
    public static UsbId Opta { get; } = new(0x2341, 0x0364);

    /// <summary>The ids on a GIGA R1.</summary>
    public static UsbId Giga { get; } = new(0x2341, 0x0366);

    /// <summary>The entry.</summary>
    public static IReadOnlyList<BootloaderInfo> Entries { get; } =
    [
        new("Arduino bootloader (Portenta H7, GIGA R1, Nicla Vision, Opta)", "arduino/mcuboot-arduino-stm32h7 main.cpp, usbd_dfu.cpp, usbd_dfu_flash.cpp")
        {
            Matches = (device, _) => device.Device.Id == Portenta || device.Device.Id == Nicla || device.Device.Id == Opta || device.Device.Id == Giga,
            Places =
            [
                new($"--usb-id {Portenta} --offset 0x40000", SketchAddress, [BootloaderCatalogue.Device(
                    Portenta,
                    "Arduino SA",
                    "Portenta MCUBoot",
                    0x0B,
                    BlockSize,
                    DfuFunctionalDescriptor.DfuSeVersion,
                    "@Internal Flash  2MB   /0x08000000/01*128Ka,15*128Kg",
                    "@Ext RAW  Flash 16MB   /0x90000000/4096*4Kg",
                    "@Ext File Flash  0MB   /0x00000000/0*4Kg",
                    "@Arduino  boot  v.25   /0x00000000/0*4Kg")]),
            ],

            // valid_application(). Without keys, it starts nothing else; the second core's sketch is started by the first one's.
            Sketch = new SketchRule(
                SketchAddress,
                stack => stack >> 24 is 0x20 or 0x24 or 0x30 or 0x38,
                "0x20000000 to 0x20FFFFFF, and the same from 0x24000000, 0x30000000 and 0x38000000"),

            // Flash_If_Write() never programs less than 4096 bytes of the flash on the QSPI: behind a shorter block come bytes of
            // earlier ones.
            ProgramUnit = BlockSize,
            HangsOnCutWords = true,
            Limit = StRomFamily.CutWord,
        },
    ];
}
