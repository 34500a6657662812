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
        },
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
