namespace UploadHelper.Core.Boards;

/// <summary>Where STM32 parts have RAM that a stack can lie in (memory maps of the reference manuals).</summary>
public static class RamMap
{
    private static readonly (uint Start, uint End)[] Ranges =
    [
        (0x1000_0000, 0x1001_0000), // CCM of F3, F4, G4; SRAM2 of L4
        (0x2000_0000, 0x200C_0000), // SRAM; DTCM of F7 and H7; L4+ and U5 have up to 768 KiB
        (0x2400_0000, 0x2410_0000), // AXI SRAM of H7
        (0x3000_0000, 0x3004_8000), // SRAM of D2, H7
        (0x3800_0000, 0x3801_0000), // SRAM of D3, H7
    ];

    /// <summary>Whether an initial stack pointer can be meant: word-aligned, in a RAM or right behind its end (a full descending stack).</summary>
    public static bool FitsStack(uint stackPointer) =>
        stackPointer % 4 == 0 && Ranges.Any(r => stackPointer > r.Start && stackPointer <= r.End);

    /// <summary>Whether an address lies in a RAM.</summary>
    public static bool Contains(uint address) => Ranges.Any(r => address >= r.Start && address < r.End);
}
