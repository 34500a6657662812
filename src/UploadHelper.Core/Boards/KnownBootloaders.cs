namespace UploadHelper.Core.Boards;

/// <summary>All bootloaders that are known, for what can be told without a board. What a board says of itself counts more.</summary>
public static class KnownBootloaders
{
    private const string F4Source = "victorpv/F4Bootloader usbd_desc.c, main.c; usbd_dfu_flash.c: GetSector()";
    private const string MapleSource = "rogerclarkmelbourne/STM32duino-bootloader usb.c, hardware.c";

    /// <summary>All of them, by the address of the sketch.</summary>
    public static IReadOnlyList<KnownBootloader> All { get; } =
    [
        new("ST's own bootloader in ROM (BOOT0)", "--offset 0", 0x0800_0000, 0x0820_0000, "AN2606"),
        new("h0wch33/stm32f1_dfu (64 KiB part)", "--offset 0", 0x0800_0000, 0x0800_C800, "h0wch33/stm32f1_dfu main.c") { StartsWithStack = Is20KiBStack, FreeVectors = [7, 8] },
        new("h0wch33/stm32f1_dfu (128 KiB part)", "--offset 0", 0x0800_0000, 0x0801_C800, "h0wch33/stm32f1_dfu main.c") { StartsWithStack = Is20KiBStack, FreeVectors = [7, 8] },
        new("STM32duino bootloader (Maple)", "--usb-id 1EAF:0003 --alt 2", 0x0800_2000, 0x0802_0000, MapleSource) { StartsWithStack = StackRule.Maple.Takes },
        new("libopencm3 usbdfu", "--offset 0x2000", 0x0800_2000, 0x0801_0000, "libopencm3-examples usbdfu.c") { StartsWithStack = Is20KiBStack },
        new("F4Bootloader", "--offset 0x4000", 0x0800_4000, 0x0808_0000, F4Source) { StartsWithStack = StackRule.F4Bootloader.Takes },
        new("DSO Nano (library)", "--offset 0x4000", 0x0800_4000, 0x0800_C000, "cyberwasp/dso-nano-dfu") { StartsWithStack = Is20KiBStack },
        new("Maple bootloader (LeafLabs, STM32duino)", "--usb-id 1EAF:0003 --alt 1", 0x0800_5000, 0x0802_0000, MapleSource) { StartsWithStack = StackRule.Maple.Takes },
        new("DSO Nano (application)", "--offset 0xC000", 0x0800_C000, 0x0802_0000, "cyberwasp/dso-nano-dfu") { StartsWithStack = Is20KiBStack },
        new("F4Bootloader (old build)", "--offset 0x10000", 0x0801_0000, 0x0808_0000, F4Source) { StartsWithStack = StackRule.OldF4Bootloader.Takes },
        new("Maple bootloader for STM32F4", "--usb-id 1EAF:0003 --alt 1", 0x0801_0000, 0x0810_0000, "gbulmer/openstm32sw stm32f4/maple-bootloader") { StartsWithStack = StackRule.MapleF4.Takes },
    ];

    /// <summary>Those that start a sketch at an address.</summary>
    public static IReadOnlyList<KnownBootloader> At(uint address) => [.. All.Where(b => b.Start == address)];

    /// <summary>The names of those that start a sketch at an address, in one phrase; null if none is known.</summary>
    public static string? NamesAt(uint address) => At(address) is { Count: > 0 } bootloaders
        ? string.Join(", ", bootloaders.Select(b => b.Name))
        : null;

    // STM32F103x8 and xB.
    private static bool Is20KiBStack(uint stackPointer) => stackPointer <= 0x2000_5000;
}
