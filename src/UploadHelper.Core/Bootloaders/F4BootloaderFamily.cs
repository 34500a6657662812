using UploadHelper.Core.Chips;

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
        },
    ];

    private static bool IsF4Bootloader(DfuDescription device, MemoryMap map) =>
        device.Functional.TransferSize == TransferSize
        && map.Groups[0] is { Address: FlashAddress.FlashBase, SectorSize: 0x4000, Access: SectorAccess.Read };

    // usbd_desc.c.
    private static DfuDescription Device(string map) => BootloaderCatalogue.Device(
        StRomFamily.Id, "STMicroelectronics", "DFU in FS Mode", Attributes, TransferSize, DfuFunctionalDescriptor.DfuSeVersion, map);
}
