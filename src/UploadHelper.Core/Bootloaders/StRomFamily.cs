using UploadHelper.Core.Chips;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Bootloaders;

/// <summary>The bootloaders in the ROM (system memory) of ST's chips; entered with BOOT0 (AN2606, AN3156).</summary>
internal static class StRomFamily
{
    private const string FamilyName = "ST system bootloader in ROM (BOOT0)";
    private const string AN3156 = "AN3156: leave jumps to the address pointer";
    private const byte Attributes = 0x0B;

    // The stack pointer: one word on F2 to F7; on L4 the double word that holds it.
    private const int OneWord = 4;
    private const int DoubleWord = 8;

    private static readonly string[] Newer =
        ["@Option Bytes  /0x1FFFC000/01*016 e", "@OTP Memory /0x1FFF7800/01*512 e,01*016 e", "@Device Feature/0xFFFF0000/01*004 e"];

    /// <summary>The ids of ST's ROMs, and of most DfuSe bootloaders in flash.</summary>
    public static UsbId Id { get; } = new(0x0483, 0xDF11);

    /// <summary>A limitation that no bootloader on an STM32H7 can avoid.</summary>
    public static DeviceLimit CutWord { get; } = new(
        "If the power fails during the 0.1 ms in which the last word is programmed, this chip can no longer read that word, and its bootloader hangs when it tries.",
        "If the board does not respond to the next upload, reset it into its bootloader and upload with --full, which reads nothing before it erases.")
    {
        PowerLost = "But if the power failed at that moment, the bootloader may hang when it reads that block. In that case, upload with --full.",
    };

    /// <summary>The entries, by chip family; the one for every other chip last.</summary>
    public static IReadOnlyList<BootloaderInfo> Entries { get; } =
    [
        new("ST system bootloader, STM32F2/F4/F7", AN3156)
        {
            Matches = (device, map) => IsRom(device) && map.Groups[0] is { SectorSize: 0x4000 } or { SectorSize: 0x8000 },
            Family = FamilyName,
            IsInRom = true,
            Places = AtFlashBase(
                Rom("@Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*128Kg,04*016Kg,01*064Kg,07*128Kg", "@Option Bytes  /0x1FFFC000/01*016 e"),
                Rom(
                    "@Internal Flash  /0x08000000/04*016Kg,01*064Kg,07*128Kg",
                    "@Option Bytes  /0x1FFFC000/01*016 g",
                    "@OTP Memory /0x1FFF7800/01*512 g,01*016 g",
                    "@Device Feature/0xFFFF0000/01*004 g"),

                // STM32F411xE and STM32F401xC, as dfu-util lists them on Black Pills (zmk issue 1711, OpenDeck issue 123).
                Rom(["@Internal Flash  /0x08000000/04*016Kg,01*064Kg,03*128Kg", .. Newer]),
                Rom(["@Internal Flash  /0x08000000/04*016Kg,01*064Kg,01*128Kg", .. Newer])),
            PollsEarly = "EdgeTX and rs-dfu on F4 and F7 radios, MicroPython's pydfu",
            Series = [Stm32Series.F2, Stm32Series.F4, Stm32Series.F7],
            LastWrite = OneWord,
        },
        new("ST system bootloader, STM32H7", AN3156 + "; betaflight-configurator PR 1861: an erase beyond 1 MiB may never end")
        {
            // Its iProduct is "DFU in FS Mode", like that of everything on ST's middleware; the option bytes identify the H7.
            Matches = (device, _) => device.Alternates.Any(a => a.Name.Contains("/0x5200201C/", StringComparison.OrdinalIgnoreCase)),
            Family = FamilyName,
            IsInRom = true,
            Places = AtFlashBase(BootloaderCatalogue.Device(
                Id,
                "STMicroelectronics",
                "DFU in FS Mode",
                Attributes,
                1024,
                DfuFunctionalDescriptor.DfuSeVersion,
                "@Internal Flash   /0x08000000/16*128Kg",
                "@Option Bytes   /0x5200201C/01*128 e")),
            PollsEarly = "EdgeTX on H7 radios, MicroPython's pydfu",
            Series = [Stm32Series.H7],

            // AN2606: when told to leave, ROMs up to V9.0 disconnect and start nothing. Nothing that a host may read tells the version.
            MayNotStart = "The bootloader in ROM of this chip starts no sketch if its version is 9.0 or older. Its version cannot be read over USB.",
            NotStarted = "Press RESET on the board: ROMs of this chip up to V9.0 never start a sketch. Check that the sketch uses USB serial.",

            HangsOnCutWords = true,
            Limit = CutWord,

            // DS12110: a sector of 128 KiB takes up to 2.2 s.
            Erase = new EraseTimes { Limit = TimeSpan.FromSeconds(3) },
        },
        new("ST system bootloader, STM32L4", AN3156 + "; dfu-util tickets 40 and 208: a pipe error while it erases")
        {
            // 1 MiB of 2 KiB pages: a smaller part may be an F072, whose ROM answers early polling with a pipe error (openmv #1508).
            Matches = (device, map) => IsRom(device) && map.Groups[0] is { SectorSize: 0x800, Count: >= 512 },
            Family = FamilyName,
            IsInRom = true,
            Places = AtFlashBase(Rom(
                "@Internal Flash  /0x08000000/512*0002Kg",
                "@Option Bytes  /0x1FFF7800/01*040 e",
                "@OTP Memory /0x1FFF7000/01*0001Ke",
                "@Device Feature/0xFFFF0000/01*004 e")),

            Series = [Stm32Series.L4],

            // It refuses GETSTATUS while it erases, so it gets the time that an erase takes.
            PollsEarly = "MicroPython's pydfu on L4",

            // It asks for 21 ms; DS11585: a page takes up to 24.5 ms.
            Erase = new EraseTimes { AtLeast = TimeSpan.FromMilliseconds(25) },
            LastWrite = DoubleWord,
        },
        new("ST system bootloader", AN3156)
        {
            Matches = (device, _) => IsRom(device),
            Family = FamilyName,
            IsInRom = true,
        },
    ];

    private static IReadOnlyList<SketchPlace> AtFlashBase(params DfuDescription[] devices) => [new("--offset 0", 0x0800_0000, devices)];

    private static bool IsRom(DfuDescription device) =>
        device.Product.StartsWith("STM32", StringComparison.Ordinal) && device.Product.Contains("BOOTLOADER", StringComparison.Ordinal);

    private static DfuDescription Rom(params string[] alternates) => BootloaderCatalogue.Device(
        Id, "STMicroelectronics", "STM32  BOOTLOADER", Attributes, 2048, DfuFunctionalDescriptor.DfuSeVersion, alternates);
}
