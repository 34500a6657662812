using UploadHelper.Core.Firmware;

namespace UploadHelper.Core.Boards;

/// <summary>Where STM32 parts have RAM and registers (memory maps of the reference manuals).</summary>
public static class RamMap
{
    private static readonly (uint Start, uint End)[] Rams =
    [
        (0x1000_0000, 0x1004_8000), // CCM of F3, F4, G4; SRAM2 of L4; SRAM of D2 as the second core of an H7 sees it
        (0x2000_0000, 0x200C_0000), // SRAM; DTCM of F7 and H7; L4+ and U5 have up to 768 KiB
        (0x2400_0000, 0x2410_0000), // AXI SRAM of H7
        (0x3000_0000, 0x3004_8000), // SRAM of D2, H7
        (0x3800_0000, 0x3801_0000), // SRAM of D3, H7
    ];

    private static readonly (uint Start, long End)[] Volatile =
    [
        (0x1000_0000, 0x1004_8000), // as above
        (0x2000_0000, 0x4000_0000), // ARMv7-M: SRAM
        (0x4000_0000, 0x6000_0000), // ARMv7-M: peripherals
        (0xC000_0000, 0xE000_0000), // SDRAM on the FMC
        (0xE000_0000, 0xE010_0000), // ARMv7-M: private peripherals
    ];

    /// <summary>Whether an initial stack pointer can be meant: word-aligned, in a RAM or right behind its end (a full descending stack).</summary>
    public static bool FitsStack(uint stackPointer) =>
        stackPointer % 4 == 0 && Rams.Any(r => stackPointer > r.Start && stackPointer <= r.End);

    /// <summary>Whether an address lies in a RAM.</summary>
    public static bool Contains(uint address) => Rams.Any(r => address >= r.Start && address < r.End);

    /// <summary>
    /// Whether a segment lies wholly in RAM or in registers, on any STM32: there is nothing to write into flash. Not so
    /// option bytes, memories on a QSPI or FMC that may be flash, and the bottom of the address space (an alias of the
    /// flash, or of a flash on the board).
    /// </summary>
    public static bool IsVolatile(Segment segment) =>
        Volatile.Any(r => segment.Address >= r.Start && segment.End <= r.End)
        && !OptionArea.Contains(segment.Address);
}
