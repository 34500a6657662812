using UploadHelper.Core.Chips;

namespace UploadHelper.Core.Bootloaders;

/// <summary>The Maple bootloaders' rows of the table of quirks.</summary>
internal static class MapleQuirks
{
    private const string Retry = "If that happens, press RESET and run the same upload again at once: the bootloader answers for about a second after it.";

    // dfuUpdateByRequest(): any request in dfuDNBUSY leaves it so until code_copy_lock is END.
    private const string ProgramsInMainLoop = "its source: it says dfuDNBUSY until its main loop has programmed the block";

    /// <summary>The rows; the first that fits counts.</summary>
    public static readonly IReadOnlyList<(Func<DfuDescription, MemoryMap, bool> Fits, BootloaderInfo Info)> Rows =
    [
        (
            (device, _) => device.IsMaple && device.Alternates.Any(a => a.Name.StartsWith("STM32duino", StringComparison.Ordinal)),
            new BootloaderInfo("STM32duino bootloader 2.0", "rogerclarkmelbourne/STM32duino-bootloader main.c, dfu.c, hardware.c")
            {
                // With DR10 = 0x424D it starts the sketch at once; else after 5 fast blinks and 6 slow ones, 30 without a button.
                BootWindow = TimeSpan.FromSeconds(5.5),
                StaysOnceAsked = true,
                Sketch = new SketchRule(null, StackRule.Maple),
                AlsoStarts = 0x0800_5000,
                Limit = FirstPage,
            }),
        (
            // It erases 2 KiB pages as an F1 has them; what runs on an F4 can only erase whole sectors (INF).
            (device, map) => device.IsMaple && map.Groups[0].Address == 0x0801_0000 && !device.Functional.CanUpload,
            new BootloaderInfo("Maple bootloader, F4 port", "gbulmer/openstm32sw stm32f4/maple-bootloader main.c, dfu.c, hardware.c")
            {
                StartsSketchAfter = TimeSpan.FromSeconds(1),
                StaysOnceAsked = true,
                PollsEarly = ProgramsInMainLoop,
                Sketch = new SketchRule(null, StackRule.MapleF4),
                WritesInOneGo = true,
                Limit = new DeviceLimit(
                    "This bootloader must be written in one go, the vector table first: interrupted in the middle, it starts an incomplete sketch.",
                    Retry),
            }),
        (
            (device, _) => device.IsMaple,
            new BootloaderInfo("LeafLabs Maple bootloader", "leaflabs/maple-bootloader main.c, dfu.c, hardware.c")
            {
                // 5 fast blinks and 6 slow ones.
                StartsSketchAfter = TimeSpan.FromSeconds(1.3),
                StaysOnceAsked = true,
                PollsEarly = ProgramsInMainLoop,
                Sketch = new SketchRule(null, StackRule.Maple),
                Limit = FirstPage,
            }),
    ];

    private static DeviceLimit FirstPage => new(
        "This bootloader writes the page with the vector table from its beginning on: if the power fails in those 50 ms at the end, an incomplete sketch is started.",
        Retry)
    {
        PowerLost = "But if the power failed meanwhile, an incomplete sketch may be started.",
    };
}
