using UploadHelper.Core.Chips;

namespace UploadHelper.Core.Bootloaders;

/// <summary>
/// The ROMs of ST's newer chips, which are built on the USB middleware that many bootloaders in flash use as well: iProduct is "DFU in
/// FS Mode" and a block has 1024 bytes in both. A ROM also gives access to the chip's option bytes, whose address tells the series;
/// a bootloader in flash names its flash alone.
/// </summary>
internal static class StMiddlewareRomFamily
{
    private const string AN2606 = "AN2606: on ST's USB middleware; ";
    private const byte Attributes = 0x0B;
    private const ushort BlockSize = 1024;
    private const ushort Dfu30 = 0x0300;

    // What the flash programs at once (RM0440, RM0444, RM0438, RM0434: a double word; RM0456, RM0481: a quad word).
    private const int DoubleWord = 8;
    private const int QuadWord = 16;

    /// <summary>The entries; the one for every other chip last.</summary>
    public static IReadOnlyList<BootloaderInfo> Entries { get; } =
    [
        new("ST system bootloader, STM32C0/G0/G4", AN2606 + "dfu-util on G431 and G474 boards; siliconwitchery/web-stm32-updater issue 3: no block above 1024 bytes")
        {
            // The G0 and C0 have their option bytes there too. Only a part with two banks has a second place for them.
            Matches = (device, _) => IsRom(device) && OptionBytes.AreAt(device, 0x1FFF_7800),
            Family = StRomFamily.FamilyName,
            IsInRom = true,
            Series = [Stm32Series.C0, Stm32Series.G0, Stm32Series.G4],
            LastWrite = DoubleWord,
            Places = StRomFamily.AtFlashBase(
                Rom("@Internal Flash   /0x08000000/256*02Kg", "@Option Bytes   /0x1FFF7800/01*048 e/0x1FFFF800/01*048 e", "@OTP Memory   /0x1FFF7000/01*1024 e"),
                Rom("@Internal Flash   /0x08000000/64*02Kg", "@Option Bytes   /0x1FFF7800/01*40Be", "@OTP Memory   /0x1FFF7000/01*01Ke")),
            Readings =
            [
                new("STM32G474", "`256*02Kg`, option bytes at 0x1FFF7800 and 0x1FFFF800, OTP at 0x1FFF7000; bcdDevice 0200; block 1024", "dfu-util's output on a WeAct G474 board"),
                new("STM32G431", "`64*02Kg`, option bytes at 0x1FFF7800 (`01*40Be`)", "dfu-util's output on a CLN17 board; started by `:leave`"),
            ],
        },
        new("ST system bootloader, STM32G0B1/G0C1", AN2606 + "dfu-util on Klipper boards with a G0B1; ST community 839156 for the G0C1")
        {
            // Its three alternate settings all bear the name of the flash.
            Matches = (device, map) => IsOnMiddleware(device) && map.Groups[0].SectorSize == 0x800 && device.Alternates.Count == 3
                && device.Alternates.All(a => a.Name == device.Alternates[0].Name),
            Family = StRomFamily.FamilyName,
            IsInRom = true,
            Series = [Stm32Series.G0],
            LastWrite = DoubleWord,
            Places = StRomFamily.AtFlashBase(G0("64*02Kg"), G0("256*02Kg")),
            Readings =
            [
                new("STM32G0B1xB", "`64*02Kg` three times; bcdDevice 0200", "dfu-util's output on an EBB36; Klipper pull request 5596"),
                new("STM32G0B1xE", "`256*02Kg` three times; bcdDevice 0200", "dfu-util's output on a Manta E3EZ"),
            ],
        },
        new("ST system bootloader, STM32U5", AN2606 + "dfu-util on STWIN.box, a U5A9 and an IMX-5; dfu-util ticket 145: a U5A9 says dfuDNLOAD-IDLE at once")
        {
            Matches = (device, map) => IsRom(device) && OptionBytes.AreAt(device, 0x4002_2040) && map.Groups[0].SectorSize == 0x2000,
            Family = StRomFamily.FamilyName,
            IsInRom = true,
            Series = [Stm32Series.U5],
            LastWrite = QuadWord,
            Places = StRomFamily.AtFlashBase(U5("256*08Kg"), U5("512*08Kg"), U5("128*08Kg")),
            Readings =
            [
                new("STM32U585", "`256*08Kg`, option bytes at 0x40022040 (`01*64 e`), OTP at 0x0BFA0000; bcdDevice 0200", "Zephyr's page of the STWIN.box; dmesg: \"DFU in FS Mode\""),
                new("STM32U5A9 (4 MiB), U535 (1 MiB)", "`512*08Kg`, `128*08Kg`; the rest alike", "dfu-util's outputs in public repositories"),
            ],
        },
        new("ST system bootloader, STM32L5", AN2606 + "one output of dfu-util; RM0438: option bytes at 0x40022040")
        {
            Matches = (device, map) => IsRom(device) && OptionBytes.AreAt(device, 0x4002_2040) && map.Groups[0].SectorSize is 0x800 or 0x1000,
            Family = StRomFamily.FamilyName,
            IsInRom = true,
            Series = [Stm32Series.L5],
            LastWrite = DoubleWord,
            Readings = [new("STM32L5 (taken for one: pages of 2 KiB, option bytes at 0x40022040)", "`256*02Kg`, `01*48 e`, OTP at `0x1FFF7000`; bcdDevice 0200", "one output of dfu-util in a public repository, part not named")],
        },
        new("ST system bootloader, STM32WB", AN2606 + "CubeProgrammer's logs of WB55 boards")
        {
            Matches = (device, _) => IsRom(device) && OptionBytes.AreAt(device, 0x1FFF_8000),
            Family = StRomFamily.FamilyName,
            IsInRom = true,
            Series = [Stm32Series.WB],
            LastWrite = DoubleWord,
            PollsEarly = "MicroPython's pydfu on WB",
            Readings = [new("STM32WB55", "\"DFU in FS Mode\", option bytes at 0x1FFF8000 (128 bytes); `256*04Kg`", "CubeProgrammer's log in ST community 814513; a script that names the map")],
        },
        new("ST system bootloader, STM32U0", AN2606 + "dfu-util on a board with an U0")
        {
            Matches = (device, _) => IsRom(device) && OptionBytes.AreAt(device, 0x4002_2020),
            Family = StRomFamily.FamilyName,
            IsInRom = true,
            LastWrite = DoubleWord,
            Readings = [new("Cortex-M0+ with option bytes at 0x40022020 (taken for an STM32U0)", "`128*02Kg`, \"@OB Bytes\" (`01*136 e`), OTP at 0x1FFF6800; bcdDevice 0220", "dfu-util's output in dm5tt/SolarMeshtasticNode")],
        },
        new("ST system bootloader, STM32C5/H5/H7RS", AN2606 + "USB DFU V3.0; betaflight-configurator pull request 5300: a C562 written, verified and started; chcbaram/stm32h563-core: an H563")
        {
            // A C562 names no option bytes. Their DFU version 3.0 is the bcdDevice of an H563, and of no bootloader in flash that is known.
            Matches = (device, map) => IsOnMiddleware(device) && map.Groups[0].SectorSize == 0x2000 && !OptionBytes.AreAt(device, 0x5200_201C)
                && (device.Device.Release == Dfu30 || OptionBytes.AreAt(device, 0x4002_2050)),
            Family = StRomFamily.FamilyName,
            IsInRom = true,
            LastWrite = QuadWord,
            MayNotStart = "The bootloader in ROM of an STM32H563 was seen to hang when it is told to start a sketch; that of an STM32C562 starts it.",
            NotStarted = "Press RESET on the board: the ROM of an STM32H563 was seen to hang instead of starting a sketch. Check that the sketch uses USB serial.",
            Readings =
            [
                new("STM32H563", "\"DFU in FS Mode\", bcdDevice 0300, `256*08Kg`, block 1024; hangs on leave", "chcbaram/stm32h563-core (a log of CubeProgrammer, and the state of the core)"),
                new("STM32H7RS (taken for one: a flash of 64 KiB in sectors of 8 KiB)", "`8*08Kg`", "a unit test of rs-dfu, which EdgeTX uses; the rest of its descriptors was not found"),
                new("STM32C562", "one alternate setting, no option bytes; block 1024; no answer to GET_DESCRIPTOR(0x21); CLRSTATUS stalls outside dfuERROR", "betaflight-configurator pull request 5300"),
            ],
        },
        new("ST system bootloader on ST's middleware", AN2606 + "it gives access to option bytes or OTP")
        {
            Matches = (device, _) => IsRom(device),
            Family = StRomFamily.FamilyName,
            IsInRom = true,
        },
    ];

    private static bool IsRom(DfuDescription device) => IsOnMiddleware(device) && OptionBytes.AreNamed(device);

    private static bool IsOnMiddleware(DfuDescription device) =>
        device is { Manufacturer: "STMicroelectronics", Product: "DFU in FS Mode", Functional.TransferSize: BlockSize } && device.Device.Id == StRomFamily.Id;

    private static DfuDescription G0(string sectors) => Rom([.. Enumerable.Repeat($"@Internal Flash   /0x08000000/{sectors}", 3)]);

    private static DfuDescription U5(string sectors) =>
        Rom($"@Internal Flash   /0x08000000/{sectors}", "@Option Bytes   /0x40022040/01*64 e", "@OTP Memory   /0x0BFA0000/01*512 e");

    private static DfuDescription Rom(params string[] alternates) => BootloaderCatalogue.Device(
        StRomFamily.Id, "STMicroelectronics", "DFU in FS Mode", Attributes, BlockSize, DfuFunctionalDescriptor.DfuSeVersion, alternates);
}

/// <summary>The alternate settings by which a ROM gives access to the option bytes of its chip.</summary>
internal static class OptionBytes
{
    private static readonly string[] Names = ["@Option ", "@OB ", "@OTP "];

    /// <summary>Whether a device names option bytes or OTP.</summary>
    public static bool AreNamed(DfuDescription device) => device.Alternates.Any(IsOne);

    /// <summary>Whether a device names option bytes at an address.</summary>
    public static bool AreAt(DfuDescription device, uint address) =>
        device.Alternates.Any(a => IsOne(a) && a.Name.Contains($"/0x{address:X8}/", StringComparison.OrdinalIgnoreCase));

    private static bool IsOne(DfuAlternate alternate) => Names.Any(n => alternate.Name.StartsWith(n, StringComparison.OrdinalIgnoreCase));
}
