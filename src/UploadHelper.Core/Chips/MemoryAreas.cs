namespace UploadHelper.Core.Chips;

/// <summary>Where STM32 parts have RAM and registers (memory maps of the reference manuals).</summary>
public static class RamMap
{
    private static readonly (uint Start, uint End)[] Rams =
    [
        (0x1000_0000, 0x1004_8000), // CCM of F3, F4, G4; SRAM2 of L4; SRAM of D2 at the addresses used by the second core of an H7
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

    /// <summary>Whether a word can be an initial stack pointer: aligned to 4 bytes, and in RAM or exactly at its end (a full descending stack).</summary>
    public static bool FitsStack(uint stackPointer) =>
        stackPointer % 4 == 0 && Rams.Any(r => stackPointer > r.Start && stackPointer <= r.End);

    /// <summary>Whether an address is in the RAM of some STM32.</summary>
    public static bool Contains(uint address) => Rams.Any(r => address >= r.Start && address < r.End);

    /// <summary>
    /// Whether a segment lies entirely in RAM or registers, so that there is nothing to write to flash. False for option
    /// bytes, for memory on a QSPI or FMC (it can be flash), and for the bottom of the address space (an alias of internal
    /// or external flash).
    /// </summary>
    public static bool IsVolatile(uint address, long end) =>
        Volatile.Any(r => address >= r.Start && end <= r.End)
        && !OptionArea.Contains(address);
}

/// <summary>
/// The areas of an STM32 that configure the chip or can be written only once: option bytes, OTP, device features.
/// A wrong byte there can lock the chip for good, so an upload never writes them.
/// </summary>
public static class OptionArea
{
    // AN2606 and the reference manuals: OTP and option bytes of F0 to G4 at 0x1FFFxxxx, option bytes of H7 in the
    // flash controller's registers, "Device Feature" of the ROMs at 0xFFFF0000.
    private static readonly (uint From, uint To)[] Ranges =
    [
        (0x1FF0_0000, 0x1FFF_FFFF),
        (0x4002_2000, 0x4002_23FF),
        (0x5200_2000, 0x5200_2FFF),
        (0x08FF_F000, 0x08FF_FFFF),
        (0xFFFF_0000, 0xFFFF_FFFF),
    ];

    private static readonly string[] Names = ["Option", "OTP", "Device Feature"];

    /// <summary>Whether a memory is such an area: by its name, or by the address if the name says otherwise (STM32G0C1).</summary>
    public static bool Holds(MemoryMap memory, uint address) =>
        Names.Any(n => memory.Name.Contains(n, StringComparison.OrdinalIgnoreCase))
        || Contains(address);

    /// <summary>Whether an address is in such an area on some STM32.</summary>
    public static bool Contains(uint address) => Ranges.Any(r => address >= r.From && address <= r.To);
}
