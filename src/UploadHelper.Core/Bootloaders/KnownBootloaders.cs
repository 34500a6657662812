using UploadHelper.Core.Firmware;

namespace UploadHelper.Core.Bootloaders;

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
        new("STM32duino bootloader (Maple)", "--usb-id 1EAF:0003 --alt 2", 0x0800_2000, 0x0802_0000, MapleSource) { StartsWithStack = StackRule.Maple.Accepts },
        new("libopencm3 usbdfu", "--offset 0x2000", 0x0800_2000, 0x0801_0000, "libopencm3-examples usbdfu.c") { StartsWithStack = Is20KiBStack },
        new("F4Bootloader", "--offset 0x4000", 0x0800_4000, 0x0808_0000, F4Source) { StartsWithStack = StackRule.F4Bootloader.Accepts },
        new("DSO Nano (library)", "--offset 0x4000", 0x0800_4000, 0x0800_C000, "cyberwasp/dso-nano-dfu") { StartsWithStack = Is20KiBStack },
        new("Maple bootloader (LeafLabs, STM32duino)", "--usb-id 1EAF:0003 --alt 1", 0x0800_5000, 0x0802_0000, MapleSource) { StartsWithStack = StackRule.Maple.Accepts },
        new("DSO Nano (application)", "--offset 0xC000", 0x0800_C000, 0x0802_0000, "cyberwasp/dso-nano-dfu") { StartsWithStack = Is20KiBStack },
        new("F4Bootloader (old build)", "--offset 0x10000", 0x0801_0000, 0x0808_0000, F4Source) { StartsWithStack = StackRule.OldF4Bootloader.Accepts },
        new("Maple bootloader for STM32F4", "--usb-id 1EAF:0003 --alt 1", 0x0801_0000, 0x0810_0000, "gbulmer/openstm32sw stm32f4/maple-bootloader") { StartsWithStack = StackRule.MapleF4.Accepts },
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

/// <summary>A bootloader: where it expects a sketch, and what that must be like to be started.</summary>
/// <param name="Name">Its name for people.</param>
/// <param name="Options">The options with which a sketch is uploaded through it.</param>
/// <param name="Start">Where the vector table of the sketch must be.</param>
/// <param name="End">Address behind the last byte that it can write.</param>
/// <param name="Source">Where this is known from.</param>
public sealed record KnownBootloader(string Name, string Options, uint Start, long End, string Source)
{
    /// <summary>Whether it starts a sketch with this initial stack pointer, and its part has RAM there; all, if nothing is said.</summary>
    public Func<uint, bool> StartsWithStack { get; init; } = _ => true;

    /// <summary>Vectors that must be 0, by their numbers.</summary>
    public IReadOnlyList<int> FreeVectors { get; init; } = [];

    /// <summary>Why a program does not fit, in half a sentence; null if it does.</summary>
    /// <param name="image">A program that begins at <see cref="Start"/>.</param>
    public string? Refusal(FirmwareImage image)
    {
        if (image.End > End)
        {
            return $"it ends at 0x{image.End - 1:X8}, and may end at 0x{End - 1:X8}";
        }

        var vectors = image.VectorSegment.Data.Span;
        var stack = VectorTable.Read(vectors).StackPointer;
        if (!StartsWithStack(stack))
        {
            return $"no sketch with the stack pointer 0x{stack:X8} starts there";
        }

        foreach (var number in FreeVectors)
        {
            if ((number + 1) * 4 <= vectors.Length && vectors.Slice(number * 4, 4).ContainsAnyExcept((byte)0))
            {
                return $"the word at 0x{number * 4:X2} must be 0";
            }
        }

        return null;
    }
}
