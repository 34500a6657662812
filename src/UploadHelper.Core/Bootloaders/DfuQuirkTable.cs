using UploadHelper.Core.Chips;

namespace UploadHelper.Core.Bootloaders;

/// <summary>The quirks of all bootloaders that are known, keyed by what identifies each; the first row that fits counts.</summary>
public static class DfuQuirkTable
{
    private const uint FlashBase = FlashAddress.FlashBase;
    private const string AN3156 = "AN3156: leave jumps to the address pointer";
    private const string RunsInGetStatus = "its source: erasing and programming run inside GETSTATUS";
    private const string RunsBehindGetStatus = "its source: erasing and programming run behind GETSTATUS, and the next request waits";

    // The stack pointer: one word on F2 to F7, two half-words on F1, the lower first.
    private const int OneWord = 4;

    // L4: what it programs together, with the stack pointer in it.
    private const int DoubleWord = 8;

    // Pages of 128 bytes are the STM32L0's, of 256 bytes the STM32L1's.
    private const uint LargestPageErasedToZero = 256;

    private static readonly (Func<DfuDescription, MemoryMap, bool> Fits, BootloaderInfo Info)[] Rows =
    [
        .. MapleQuirks.Rows,
        .. BootloadersInFlash(),
        .. SystemBootloaders(),
    ];

    /// <summary>The row for a device.</summary>
    /// <param name="device">What the device says of itself.</param>
    /// <param name="map">The map of its flash.</param>
    public static BootloaderInfo For(DfuDescription device, MemoryMap map)
    {
        var row = Rows.FirstOrDefault(r => r.Fits(device, map)).Info ?? new BootloaderInfo("DfuSe bootloader", "");
        return map.Groups[0].SectorSize <= LargestPageErasedToZero ? row with { ErasedValue = 0 } : row;
    }

    private static IEnumerable<(Func<DfuDescription, MemoryMap, bool> Fits, BootloaderInfo Info)> BootloadersInFlash()
    {
        yield return (
            (device, map) => IsF4Bootloader(device, map) && map.Groups[0].Count > 1,
            new BootloaderInfo("F4Bootloader (old build)", "victorpv/F4Bootloader at 54c6ba5, main.c: after a reset 2.26 s, and USB only comes up to stay")
            {
                StartsSketchAfter = TimeSpan.FromSeconds(2.26),
                PollsEarly = RunsInGetStatus,
                LastWrite = OneWord,
                Sketch = new SketchRule(0x0801_0000, StackRule.OldF4Bootloader) { StartsNothingElse = true },
            });
        yield return (
            IsF4Bootloader,
            new BootloaderInfo("F4Bootloader", "victorpv/F4Bootloader main.c: after a reset 1 s, then 30 blinks of 300 ms; usbd_dfu_flash.c: GetSector()")
            {
                StartsSketchAfter = TimeSpan.FromSeconds(10),
                StartsSketchByItself = true,
                PollsEarly = RunsInGetStatus,
                LastWrite = OneWord,
                Sketch = new SketchRule(0x0800_4000, StackRule.F4Bootloader) { StartsNothingElse = true },

                // Its GetSector() takes every address from 0x08060000 on for the last sector of 512 KiB.
                Writable = new WritableRange(
                    FlashBase, 0x0808_0000, "", "it lies beyond 0x0807FFFF, where this bootloader erases another sector than it was asked for"),
            });
        yield return (
            (device, _) => device is { Manufacturer: "HCHEW", Functional.CanUpload: false },
            new BootloaderInfo("h0wch33/stm32f1_dfu", "stm32f1_dfu main.c")
            {
                PollsEarly = RunsBehindGetStatus,
                SharesVectorPage = true,
                Sketch = new SketchRule(FlashBase, StackRule.H0wch33) { StartsNothingElse = true },
                Limit = new DeviceLimit(
                    "This bootloader keeps its own vectors in the sketch's first page, and rewrites that page at the beginning and at the end. "
                        + "Each time there are about 50 ms in which a power failure costs the bootloader.",
                    "Keep the cable in until it is done. (A lost bootloader comes back with BOOT0 and a serial adapter, or with an ST-Link.)")
                {
                    PowerLost = "But if the power failed meanwhile, the bootloader is lost: if it does not come any more, write it anew with BOOT0 and a serial adapter, or with an ST-Link.",
                },
            });
        yield return (
            (device, _) => device.Product == "STM32 DFU" && device.Alternates.Any(a => a.Name.Contains("M25P64", StringComparison.Ordinal)),
            new BootloaderInfo("DSO Nano bootloader", "cyberwasp/dso-nano-dfu usb_prop.c, main.c, hw_config.h")
            {
                PollsEarly = RunsBehindGetStatus,
                LastWrite = OneWord,
                Sketch = new SketchRule(0x0800_4000, StackRule.DsoNano),
                Writable = new WritableRange(0x0800_4000, 0x0802_0000, "it holds the end of the bootloader, though the board calls it writable", ""),

                // The SPI flash is written in whole pages; one that begins elsewhere wraps around inside its page.
                ProgramUnit = 256,
            });
    }

    private static IEnumerable<(Func<DfuDescription, MemoryMap, bool> Fits, BootloaderInfo Info)> SystemBootloaders()
    {
        yield return (
            (device, map) => IsSystemBootloader(device) && map.Groups[0] is { SectorSize: 0x4000 } or { SectorSize: 0x8000 },
            new BootloaderInfo("ST system bootloader, STM32F2/F4/F7", AN3156)
            {
                PollsEarly = "EdgeTX and rs-dfu on F4 and F7 radios, MicroPython's pydfu",
                LastWrite = OneWord,
            });
        yield return (
            // It calls itself "DFU in FS Mode", as everything on ST's middleware does; its option bytes are those of the H7.
            (device, _) => device.Alternates.Any(a => a.Name.Contains("/0x5200201C/", StringComparison.OrdinalIgnoreCase)),
            new BootloaderInfo("ST system bootloader, STM32H7", AN3156 + "; betaflight-configurator PR 1861: an erase beyond 1 MiB may never end")
            {
                PollsEarly = "EdgeTX on H7 radios, MicroPython's pydfu",

                // AN2606, V9.0: it is gone when it is to leave, and nothing starts.
                NotStarted = "Press RESET on the board: ROMs of this chip up to V9.0 never start a sketch. Does the sketch use USB serial at all?",

                HangsOnCutWords = true,
                Limit = new DeviceLimit(
                    "This chip cannot read a word any more that was cut short while it was programmed, and its bootloader hangs on it. That happens if the power "
                        + "fails in the 0.1 ms in which the last word is programmed.",
                    "If the board does not answer to the next upload, reset it into its bootloader and run that with --full: nothing is read before it is erased.")
                {
                    PowerLost = "But if the power failed meanwhile, the bootloader may hang when it reads that block: then upload with --full.",
                },

                // DS12110: a sector of 128 KiB takes up to 2.2 s.
                Erase = new EraseTimes { Limit = TimeSpan.FromSeconds(3) },
            });
        yield return (
            // 1 MiB of 2 KiB pages: smaller ones may be an F072, whose ROM ends it with a pipe error (openmv #1508).
            (device, map) => IsSystemBootloader(device) && map.Groups[0] is { SectorSize: 0x800, Count: >= 512 },
            new BootloaderInfo("ST system bootloader, STM32L4", AN3156 + "; dfu-util tickets 40 and 208: a pipe error while it erases")
            {
                // It does not take it while it erases, and is given the time for that.
                PollsEarly = "MicroPython's pydfu on L4",

                // It asks for 21 ms; DS11585: a page takes up to 24.5 ms.
                Erase = new EraseTimes { AtLeast = TimeSpan.FromMilliseconds(25) },
                LastWrite = DoubleWord,
            });
        yield return (
            (device, _) => IsSystemBootloader(device),
            new BootloaderInfo("ST system bootloader", AN3156));
    }

    private static bool IsF4Bootloader(DfuDescription device, MemoryMap map) =>
        device.Functional.TransferSize == 1024
        && map.Groups[0] is { Address: FlashBase, SectorSize: 0x4000, Access: SectorAccess.Read };

    private static bool IsSystemBootloader(DfuDescription device) =>
        device.Product.StartsWith("STM32", StringComparison.Ordinal) && device.Product.Contains("BOOTLOADER", StringComparison.Ordinal);
}
