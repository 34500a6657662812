using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Bootloaders;

/// <summary>Maple bootloaders: plain DFU 1.0, where each alternate setting writes to a fixed address in flash.</summary>
internal static class MapleFamily
{
    private const ushort DfuVersion = 0x0110;
    private const string Ids = "--usb-id 1EAF:0003";
    private const string Retry = $"If that happens, press RESET and {Again.Clause} at once: the bootloader answers for about a second after a reset.";

    // dfuUpdateByRequest(): in dfuDNBUSY, no request changes the state until code_copy_lock is END.
    private const string ProgramsInMainLoop = "its source: it reports dfuDNBUSY until its main loop has programmed the block";

    // dfuCopyUPLOAD() of both sends from flash, not from the buffer of a block: as much as the host asks for.
    private const int AnyLength = 4096;

    /// <summary>The ids of Maple bootloaders.</summary>
    public static UsbId Id { get; } = new(0x1EAF, 0x0003);

    /// <summary>The entries.</summary>
    public static IReadOnlyList<BootloaderInfo> Entries { get; } =
    [
        // Builds for clones of the F103 (GD32F103, CKS32, CS32, CH32: issues 72 and 107 there) say the same of themselves. What a clone
        // programs more slowly is still far from the limit of a transfer, 40 s for the GETSTATUS that programs a block.
        new("STM32duino bootloader 2.0", "rogerclarkmelbourne/STM32duino-bootloader main.c, dfu.c, hardware.c, usb.c")
        {
            Matches = (device, _) => device.IsMaple && device.Alternates.Any(a => a.Name.StartsWith("STM32duino", StringComparison.Ordinal)),
            Places =
            [
                new($"{Ids} --alt 2", 0x0800_2000, [Stm32duino(1024), Stm32duino(2048)]) { Alternate = 2 },
                new($"{Ids} --alt 1", 0x0800_5000, [Stm32duino(1024), Stm32duino(2048)]) { Alternate = 1 },
            ],

            // With DR10 = 0x424D it starts the sketch at once. Otherwise after 6 slow blinks, or 30 on a board without a button:
            // its descriptors do not tell which.
            BootWindow = Blinks(slow: 30),
            StaysOnceAsked = true,
            LargestRead = AnyLength,
            Sketch = Maple,
            AlsoStarts = 0x0800_5000,
            Limit = FirstPage,
            Installation = new("stm32duino", "https://github.com/rogerclarkmelbourne/STM32duino-bootloader/tree/master/bootloader_only_binaries")
            {
                Id = Id,
                Mark = "STM32duino bootloader",
                Licence = "MIT",
                Area = 0x2000,
                Chips = "STM32F103",
                Series = Stm32Series.F1,
                Parts = UartRomFamily.F103,
                Menu = "\"STM32duino bootloader\" (Arduino_STM32) or \"Maple DFU Bootloader 2.0\" (Arduino_Core_STM32)",
                Choice = "Take the file for the pin of your board's LED, from bootloader_only_binaries: the files of the same names in the folder binaries have a sketch behind the bootloader. "
                    + "On a GD32F103 take one of the files that begin with gd32f1 only if the crystal has 12 MHz.",
                Version = "df68980",
                Builds = Stm32duinoBuilds,
            },
        },
        new("Maple bootloader, F4 port", "gbulmer/openstm32sw stm32f4/maple-bootloader main.c, dfu.c, hardware.c")
        {
            // Its source erases 2 KiB pages, as on an F1; on an F4, it can only erase whole sectors (inferred).
            Matches = (device, map) => device.IsMaple && map.Groups[0].Address == 0x0801_0000 && !device.Functional.CanUpload,
            Places = [new($"{Ids} --alt 1", 0x0801_0000, [Device(0x01, 2048, 0x0001, "DFU Program RAM 0x20000C00", "DFU Program FLASH 0x08010000")]) { Alternate = 1 }],
            StartsSketchAfter = Blinks(slow: 3),
            StaysOnceAsked = true,
            PollsEarly = ProgramsInMainLoop,

            // hardware.c, checkUserCode().
            Sketch = new SketchRule(null, stack => (stack & 0xFFFE_7FFF) == 0x2000_0000, "0x20000000 to 0x20018000, in steps of 32 KiB"),
            WritesInOneGo = true,
            Limit = new DeviceLimit(
                "This bootloader requires the sketch to be written in one go, vector table first. If the upload is interrupted, it starts an incomplete sketch.",
                Retry),
        },
        new("LeafLabs Maple bootloader", "leaflabs/maple-bootloader main.c, dfu.c, hardware.c")
        {
            Matches = (device, _) => device.IsMaple,
            Places = [new($"{Ids} --alt 1", 0x0800_5000, [Device(0x03, 1024, DfuVersion, "DFU Program RAM 0x20000C00", "DFU Program FLASH 0x08005000")]) { Alternate = 1 }],

            StartsSketchAfter = Blinks(slow: 6),
            StaysOnceAsked = true,
            PollsEarly = ProgramsInMainLoop,
            LargestRead = AnyLength,
            Sketch = Maple,
            Limit = FirstPage,
            Installation = new("maple", "https://github.com/rogerclarkmelbourne/Arduino_STM32/tree/1ed768e5423167c3a323b9d59b7481d4da5c0bc1/maple_mini_bootloader")
            {
                Id = Id,
                Mark = "DFU Program FLASH",
                Licence = "MIT",
                Area = 0x5000,
                Chips = "STM32F103",
                Series = Stm32Series.F1,
                Parts = UartRomFamily.F103,
                Menu = "\"Original (17k RAM,108k Flash)\" under \"Bootloader version\" (Arduino_STM32) or \"Maple DFU Bootloader original\" (Arduino_Core_STM32)",
                Choice = "It is for a Maple Mini, and leaves sketches 12 KiB less than stm32duino, which is its successor.",
                Version = "1ed768e5",
                Builds =
                [
                    new("maple_mini_original_small.bin", 6840, "Maple Mini: LED at PB1, button at PB8, USB pull-up at PB9", "71e4be3cfd2446695603be488d2327cd1a4bf4b7ffe2ff45afe630f77a07583b"),
                ],
            },
        },
    ];

    // What differs is in its config.h.
    private static IReadOnlyList<PublishedBuild> Stm32duinoBuilds =>
    [
        new("generic_boot20_pc13.bin", 7172, "Blue Pill and other boards with the LED at PC13; with BOOT1 high it stays in the bootloader", "8738933a44363f2a3597c7bd6e13afb892b2a4ed304372c31e758745b23b903c"),
        new("generic_boot20_pc13_fastboot.bin", 7136, "the same, but it starts the sketch sooner after a reset", "87554efc9dfe8956a528e724499787413badad5db5eb499bf6ff63d5c59e54f0"),
        new("generic_boot20_pb12.bin", 7164, "Black Pill with an STM32F103: LED at PB12; with BOOT1 high it stays in the bootloader", "230d8614525009053d78c08ac61790d81e008a800dbd36eec4c49ad4d300489d"),
        new("generic_boot20_pa1.bin", 7168, "LED at PA1, button at PC14", "5351a13ba3dfab303a2c6c1bb8936f3685299ee0527de6332273b7232b058b36"),
        new("generic_boot20_pa1_button_pa8.bin", 7168, "LED at PA1, button at PA8", "9d02aae81c96406946f4cf6c80c57840b363e996a394d3dd1d54e3dbab5860ba"),
        new("generic_boot20_pa9.bin", 7132, "LED at PA9", "ec9283f113951538aa8f5c92737a0ae87d22e4a033d0224c2c8fb24631eab657"),
        new("generic_boot20_pb0.bin", 7132, "LED at PB0", "edaa6446d8be39324f3e6b8ae6e1f3c78cf621e5e4a87024564304067bf53a8a"),
        new("generic_boot20_pb7.bin", 7132, "LED at PB7", "473848e518b5550b830f05ddfe0546919793642dabfd28700ec348f5bae3f51a"),
        new("generic_boot20_pb9.bin", 7172, "LED at PB9, button at PC14", "dd317d4c69738a6e8c2a0d1e7e43e80fc358a18c05cc92344c1fd61d392997d3"),
        new("generic_boot20_pd1.bin", 7164, "LED at PD1, button at PC14", "898c7704fc7f690ecea06d34f7777c19dac2f3d049e089db8ae3cbb9fbc7ad27"),
        new("generic_boot20_pd2.bin", 7168, "LED at PD2, button at PC14", "375bd751f93bbd8750ee47b99175eff66565a7c6669c3ad96e136de9f7df1abc"),
        new("generic_boot20_pe2.bin", 7132, "LED at PE2", "f8f1ede003bceebe3387d9577cd553bf1211751acd873859d13941a3cedef535"),
        new("generic_boot20_pe5.bin", 7168, "LED at PE5, button at PD2", "6d1f7da720315e597d349d3843687600a0fd1ab672f86426b8459ac6c7a34e0b"),
        new("generic_boot20_pe5_button_pa0.bin", 7172, "LED at PE5, button at PA0", "e4987ac5c3619f32a36b3c40d7baac8eeea599f31d33aef8315b2028b14104b3"),
        new("generic_boot20_pg15.bin", 7172, "LED at PG15, button at PC14", "95115f0e7a50e4bf02c4b44d3c460ae8e3b993da72e4b303387c9ce1aa0ce11a"),
        new("generic-none_bootloader.bin", 6960, "no LED, no button", "98218deb9ec4f3abf7b04039269e4b75587a9da5f422c2c13e46f1ab3f5304ea"),
        new("generic_boot20_hytiny.bin", 7072, "HY-TinySTM103T: LED at PA1, USB pull-up at PA0", "b43cd200ff3ec1f9c4f89087448bdb0624c94bd68b9eb31c5d6f7247cbdc448e"),
        new("maple_mini_boot20.bin", 7100, "Maple Mini: LED at PB1, button at PB8, USB pull-up at PB9", "751b951bd205841a8e0b563365b7d205d4583168ff959a3c6e6c3b2d68881a8c"),
        new("maple_rev3_boot20.bin", 7100, "Maple rev 3: LED at PB1, button at PB8, USB pull-up at PC12", "dc03d457b8b55fd04954c855582a5679258ef26b299bf51899f89222b8e9c71c"),
        new("maple_rev5_boot20.bin", 7112, "Maple rev 5: LED at PA5, button at PC9, USB pull-up at PC12", "4e6485f2089cebd733f9aff3c3c857d387d7b08a82dfdaf1c165c87f60e99d43"),
        new("stbee_boot20.bin", 7108, "STBee with a 12 MHz crystal: LED at PD4, button at PA0, USB pull-up at PD3", "a7437a69215d6ec61ae537fc0551651f970e14dcf60b1877ecd27b64c8df0e11"),
        new("naze32_boot20.bin", 7136, "Naze32 and CC3D: LED at PB3 (cc3d.bin is the same file)", "3a181ebdcbb3bbab4692bc23ad9471cde2b3014ee422e7912b7bc31a800655d2"),
        new("smart-v2.bin", 7168, "STM32 Smart V2.0: LED at PC13, button at PA0", "b0e13e5efd5648f6000e7df863aaf0aa0ba950366f8eba9eb873dd339941ee32"),
        new("dso138_boot20.bin", 7180, "DSO138: LED at PA15, button at PB15", "1df992ed85f4b699065f7bd5b5398fc8af0a4228ddcc5025bdb31a0146d1f8c2"),
        new("gd32f1_generic_boot20_pc13.bin", 7136, "GD32F103 with a 12 MHz crystal: LED at PC13", "18f7a341b73b0d3f4d4bd0094040b49c73af90a852db9319a664ff6292ac9aa8"),
        new("gd32f1_frankenmaple.bin", 7068, "GD32F103 with a 12 MHz crystal: LED at PC13, USB pull-up at PB9", "2924a1499da9e73694b1639efba3ea32e2a53800457f09614a9bd9622ee26e68"),
    ];

    // leaflabs/maple-bootloader and rogerclarkmelbourne/STM32duino-bootloader, hardware.c, checkUserCode().
    private static SketchRule Maple => new(null, stack => (stack & 0x2FFE_0000) == 0x2000_0000, "0x20000000 to 0x2001FFFF");

    private static DeviceLimit FirstPage => new(
        "This bootloader writes the page with the vector table from front to back. If the power fails during these 50 ms at the end of the upload, it starts an incomplete sketch.",
        Retry)
    {
        PowerLost = "But if the power failed at that moment, an incomplete sketch may be started.",
    };

    // main.c: 5 fast blinks and the slow ones; hardware.c, strobePin(): two loops a blink, of 0x50000 or 0x100000 turns (config.h).
    // In the published binaries (boot20 for generic boards and Maple Mini, LeafLabs' original) a turn is CBZ, NOP, SUBS and B: 6
    // cycles at 72 MHz, and up to 9 when the taken branch refills the pipeline from flash with two wait states (ARM DDI 0337, 18.2;
    // PM0075, 3.1). The longer time counts.
    private static TimeSpan Blinks(int slow)
    {
        const int FastTurns = 0x50000, SlowTurns = 0x100000, MostCycles = 9;
        const double Clock = 72e6;
        return TimeSpan.FromSeconds(2.0 * (5 * FastTurns + slow * SlowTurns) * MostCycles / Clock);
    }

    private static DfuDescription Stm32duino(ushort page) => Device(
        0x03,
        page,
        DfuVersion,
        "STM32duino bootloader v1.0  ERROR. Upload to RAM not supported.",
        "STM32duino bootloader v1.0  Upload to Flash 0x8005000",
        "STM32duino bootloader v1.0  Upload to Flash 0x8002000");

    private static DfuDescription Device(byte attributes, ushort transferSize, ushort version, params string[] alternates) =>
        BootloaderCatalogue.Device(Id, "LeafLabs", "Maple 003", attributes, transferSize, version, alternates);
}
