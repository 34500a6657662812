using UploadHelper.Core.Chips;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Bootloaders;

/// <summary>The bootloaders in the ROM (system memory) of ST's chips; entered with BOOT0 (AN2606, AN3156).</summary>
internal static class StRomFamily
{
    /// <summary>The name of all of ST's ROMs together.</summary>
    public const string FamilyName = "ST system bootloader in ROM (BOOT0)";

    private const string AN3156 = "AN3156: leave jumps to the address pointer";
    private const byte Attributes = 0x0B;

    // The stack pointer: one word on F0 to F7, L0 and L1; on L4 the double word that holds it.
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

    /// <summary>The series with a bootloader for USB in ROM (AN2606) of which nothing was found, each with what is missing.</summary>
    public static IReadOnlyList<(string Series, string Missing)> Unread { get; } =
    [
        ("STM32C0 (C071)", "no descriptors were found; with option bytes at 0x1FFF7800 it would be taken for a G4, whose entry allows for it. With the option bytes of the factory, BOOT0 does not start it: only an empty flash does (ST community 865307)"),
        ("STM32F2", "no output of its own was found, though it writes an STM32F207 (the example of pyfu-usb); its map and option bytes are those of the F4 (RM0033)"),
        ("STM32U3, WBA", "no descriptors were found; one user reports that the ROM of an STM32WBA65 does not appear on USB (reddit, \"Custom board STM32WBA65RIV6 no DFU connection\")"),
        ("STM32N6", "refused by its name, `DFU in HS mode @Device ID /0x...` (UM3234, 3.7.5): it speaks DFU 1.1, loads a signed first stage into RAM, and writes no flash. Its alternate settings were not shown; STM32CubeProgrammer lists the partitions FSBL 0x1, RSSE_FW 0xF3, RSSE_BLOB 0xF5, RSSE_PLUGIN 0xF6 and virtual 0xF1 (ST community 834005)"),
    ];

    /// <summary>Why this program cannot use a device with ST's ids, as the end of a sentence; null if it may.</summary>
    public static string? Objection(DfuDescription device) => device.Device.Id == Id && device.Product.Contains(" @Device ID /", StringComparison.Ordinal)
        ? "it is the boot ROM of an STM32N6 or STM32MP1, which loads signed code into RAM and writes no flash. Use STM32CubeProgrammer"
        : null;

    /// <summary>The entries, by chip family; the one for every other chip last.</summary>
    public static IReadOnlyList<BootloaderInfo> Entries { get; } =
    [
        new("ST system bootloader, STM32F7", AN3156 + "; dfu-util on an F722 board; betaflight-configurator usbdfu.js")
        {
            Matches = (device, map) => IsRom(device) && (OptionBytes.AreAt(device, 0x1FFF_0000) || map.Groups[0] is { SectorSize: 0x8000 }),
            Family = FamilyName,
            IsInRom = true,
            Places = AtFlashBase(Rom(
                "@Internal Flash  /0x08000000/04*016Kg,01*64Kg,03*128Kg",
                "@Option Bytes  /0x1FFF0000/01*048 e",
                "@OTP Memory /0x1FF07800/01*528e",
                "@Device Feature/0xFFFF0000/01*004 e")),
            PollsEarly = "EdgeTX and rs-dfu on F7 radios, MicroPython's pydfu",
            Series = [Stm32Series.F7],
            SetsProgramFormat = true,
            LastWrite = OneWord,
            Readings =
            [
                new("STM32F722", "`04*016Kg,01*64Kg,03*128Kg`, option bytes at 0x1FFF0000; bcdDevice 2200; serial `STM32FxSTM32`", "dfu-util's output in a public repository; betaflight-configurator usbdfu.js"),
                new("STM32F74x", "`04*032Kg,01*128Kg,03*256Kg`; poll time-outs 100 and 104 ms", "betaflight-configurator usbdfu.js; fwupd issue 2696"),
            ],
        },
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
            SetsProgramFormat = true,
            LastWrite = OneWord,
            Readings =
            [
                new("STM32F405/407", "`04*016Kg,01*064Kg,07*128Kg`, option bytes at 0x1FFFC000; bcdDevice 2100, 2200; block 2048; starts in dfuERROR", "dfu-util's output on an F4-Discovery"),
                new("STM32F411, F401", "`04*016Kg,01*064Kg,03*128Kg` and `01*128Kg`; the rest alike", "zmk issue 1711, OpenDeck issue 123"),
                new("STM32F429", "the map twice, with nine characters behind it", "bigtreetech/BIGTREETECH-OCTOPUS-Pro issue 42"),
            ],
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
            Readings =
            [
                new("STM32H743, H747, H750", "`16*128Kg`, `8*128Kg`; option bytes at 0x5200201C; \"DFU in FS Mode\", bcdDevice 0200; block 1024", "dfu-util's output on many boards"),
                new("STM32H7A3", "`256*08Kg`, option bytes at 0x5200201C (`01*297 e`), OTP at 0x08FFF000", "pydfuutil issue 15; dfu-util's output on a WeAct H7A3 board"),
            ],
        },
        new("ST system bootloader, STM32L4", AN3156 + "; dfu-util tickets 40 and 208: a pipe error while it erases")
        {
            // Without the option bytes, a part with less than 1 MiB may be an F072, whose ROM answers early polling with a pipe error
            // (openmv #1508).
            Matches = (device, map) => IsRom(device)
                && (OptionBytes.AreAt(device, 0x1FFF_7800) || OptionBytes.AreAt(device, 0x1FF0_0000) || map.Groups[0] is { SectorSize: 0x800, Count: >= 512 }),
            Family = FamilyName,
            IsInRom = true,
            Places = AtFlashBase(
                L4("@Internal Flash  /0x08000000/512*0002Kg"),
                L4("@Internal Flash  /0x08000000/0256*0002Kg"),
                Rom("@Internal Flash  /0x08000000/512*0004Kg", "@Option Bytes  /0x1FF00000/01*040 e/0x1FF01000/01*040 e", "@OTP Memory /0x1FFF7000/01*0001Ke")),
            Readings =
            [
                new("STM32L496", "`512*0002Kg`, option bytes at 0x1FFF7800, OTP at 0x1FFF7000; bcdDevice 2200; block 2048", "AN2606; dfu-util tickets 40 and 208"),
                new("STM32L4 (512 KiB)", "`0256*0002Kg`; the rest alike", "dfu-util's output on an IMX-5"),
                new("STM32L4+ (L4R5, L4S5)", "`512*0004Kg`, option bytes at 0x1FF00000 and 0x1FF01000", "Zephyr's page of the SensorTile.box; blues notecard tools"),
            ],

            Series = [Stm32Series.L4],

            // It refuses GETSTATUS while it erases, so it gets the time that an erase takes.
            PollsEarly = "MicroPython's pydfu on L4",

            // It asks for 21 ms; DS11585: a page takes up to 24.5 ms.
            Erase = new EraseTimes { AtLeast = TimeSpan.FromMilliseconds(25) },
            LastWrite = DoubleWord,
        },
        new("ST system bootloader, STM32F0 with pages of 1 KiB", AN3156 + "; dfu-util on F042 boards")
        {
            Matches = (device, map) => IsRom(device) && OptionBytes.AreAt(device, 0x1FFF_F800) && map.Groups[0] is { SectorSize: 0x400 },
            Family = FamilyName,
            IsInRom = true,
            Series = [Stm32Series.F0],
            LastWrite = OneWord,
            Places = AtFlashBase(Rom("@Internal Flash  /0x08000000/032*0001Kg", "@Option Bytes  /0x1FFFF800/01*016 e")),
            Readings = [new("STM32F042", "`032*0001Kg`, option bytes at 0x1FFFF800; bcdDevice 2200; serial `FFFFFFFEFFFF`", "dfu-util's outputs in public repositories")],
        },
        new("ST system bootloader, STM32F0/F1/F3 with pages of 2 KiB", AN3156 + "; openmv issue 1508: on an F072, GETSTATUS ends in a pipe error while it writes")
        {
            Matches = (device, map) => IsRom(device) && OptionBytes.AreAt(device, 0x1FFF_F800) && map.Groups[0] is { SectorSize: 0x800 },
            Family = FamilyName,
            IsInRom = true,
            Series = [Stm32Series.F0, Stm32Series.F1, Stm32Series.F3],
            LastWrite = OneWord,
            Places = AtFlashBase(
                Rom("@Internal Flash  /0x08000000/064*0002Kg", "@Option Bytes  /0x1FFFF800/01*016 e"),
                Rom("@Internal Flash  /0x08000000/128*0002Kg", "@Option Bytes  /0x1FFFF800/01*016 e")),
            Readings =
            [
                new("STM32F072", "`064*0002Kg`, option bytes at 0x1FFFF800; bcdDevice 2200; serial `FFFFFFFEFFFF`", "dfu-util's outputs in many public repositories; openmv issue 1508"),
                new("STM32F303", "`128*0002Kg`, the rest alike", "dfu-util's output in Cleanflight and INAV; betaflight-configurator usbdfu.js"),
            ],
        },
        new("ST system bootloader, STM32L0", AN3156 + "; dfu-util on BigClown's core module")
        {
            Matches = (device, map) => IsRom(device) && OptionBytes.AreAt(device, 0x1FF8_0000) && map.Groups[0] is { SectorSize: 0x80 },
            Family = FamilyName,
            IsInRom = true,
            Series = [Stm32Series.L0],
            LastWrite = OneWord,
            Places = AtFlashBase(Rom("@Internal Flash  /0x08000000/1536*128g", "@Option Bytes  /0x1FF80000/01*032 e", "@DATA Memory /0x08080000/2*3Ke")),
            Readings = [new("STM32L083", "`1536*128g` and `1536*128 g`, option bytes at 0x1FF80000, EEPROM at 0x08080000; bcdDevice 2200; block 2048; starts in dfuERROR", "PexMor/bigclown-notes; a HHKB with this chip")],
        },
        new("ST system bootloader, STM32L1", AN3156 + "; dfu-util on a bttn")
        {
            Matches = (device, map) => IsRom(device) && OptionBytes.AreAt(device, 0x1FF8_0000) && map.Groups[0] is { SectorSize: 0x100 },
            Family = FamilyName,
            IsInRom = true,
            Series = [Stm32Series.L1],
            LastWrite = OneWord,
            Places = AtFlashBase(Rom("@Internal Flash  /0x08000000/1024*256 g", "@Option Bytes  /0x1FF80000/01*032 e", "@DATA Memory /0x08080000/02*004Ke")),
            Readings = [new("STM32L1 (256 KiB)", "`1024*256 g`, option bytes at 0x1FF80000, EEPROM at 0x08080000; bcdDevice 2200", "dfu-util's output on a Wi-Fi bttn")],
        },
        new("ST system bootloader", AN3156)
        {
            Matches = (device, _) => IsRom(device),
            Family = FamilyName,
            IsInRom = true,
        },
    ];

    /// <summary>The place at the start of the flash, with the devices that are known.</summary>
    public static IReadOnlyList<SketchPlace> AtFlashBase(params DfuDescription[] devices) => [new("--offset 0", 0x0800_0000, devices)];

    private static bool IsRom(DfuDescription device) =>
        device.Product.StartsWith("STM32", StringComparison.Ordinal) && device.Product.Contains("BOOTLOADER", StringComparison.Ordinal);

    private static DfuDescription L4(string map) => Rom(
        map, "@Option Bytes  /0x1FFF7800/01*040 e", "@OTP Memory /0x1FFF7000/01*0001Ke", "@Device Feature/0xFFFF0000/01*004 e");

    private static DfuDescription Rom(params string[] alternates) => BootloaderCatalogue.Device(
        Id, "STMicroelectronics", "STM32  BOOTLOADER", Attributes, 2048, DfuFunctionalDescriptor.DfuSeVersion, alternates);
}
