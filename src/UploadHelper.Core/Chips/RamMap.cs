namespace UploadHelper.Core.Chips;

/// <summary>Where STM32 parts have RAM and registers.</summary>
public static class RamMap
{
    // An exception stores eight words on the stack (ARMv7-M ARM, B1.5.6).
    private const uint ExceptionFrame = 32;

    private static readonly (uint Start, long End)[] Volatile =
    [
        (0x1000_0000, 0x1004_8000), // CCM, SRAM2, SRAM of D2: Stm32Series
        (0x2000_0000, 0x4000_0000), // ARMv7-M: SRAM
        (0x4000_0000, 0x6000_0000), // ARMv7-M: peripherals
        (0xC000_0000, 0xE000_0000), // SDRAM on the FMC
        (0xE000_0000, 0xE010_0000), // ARMv7-M: private peripherals
    ];

    // RAM that a program must first set up: on the FMC, an Octo-SPI or an XSPI (0x60000000 to 0x9FFFFFFF and
    // 0xC0000000 to 0xDFFFFFFF), and 4 or 8 KiB of backup RAM, which is locked after a reset.
    private static readonly (uint Start, long End, string Name)[] SetUpFirst =
    [
        (0x6000_0000, 0xA000_0000, "external memory"),
        (0xC000_0000, 0xE000_0000, "external memory"),
        (0x4002_4000, 0x4002_5000, "backup RAM"), // F2, F4, F7
        (0x4003_6400, 0x4003_7400, "backup RAM"), // H5, U5
        (0x3880_0000, 0x3880_1000, "backup RAM"), // H7, H7RS
        (0x2C00_0000, 0x2C00_2000, "backup RAM"), // N6
        (0x3C00_0000, 0x3C00_2000, "backup RAM"), // N6, secure
    ];

    /// <summary>
    /// Judges an initial stack pointer. The core ignores bits 0 and 1 (ARMv7-M ARM, B1.4.1), so 0x2001FFFF counts as
    /// 0x2001FFFC. A full descending stack can begin exactly at the end of a RAM.
    /// </summary>
    /// <param name="stackPointer">The first word of a vector table.</param>
    /// <param name="series">The series that the chip can belong to; null if the chip is unknown: then any STM32.</param>
    public static StackCheck CheckStack(uint stackPointer, IReadOnlyList<Stm32Series>? series = null)
    {
        var value = stackPointer & ~3u;
        foreach (var (start, end) in (series ?? Stm32Series.All).SelectMany(s => s.Ram))
        {
            if (value > 0 && value >= start && value <= end)
            {
                return value >= start + ExceptionFrame
                    ? new StackCheck(StackVerdict.Fits, "")
                    : new StackCheck(StackVerdict.Unusual, $"it leaves {value - start} bytes of RAM below it, and one exception needs {ExceptionFrame}");
            }
        }

        foreach (var (start, end, name) in SetUpFirst)
        {
            if (value > start && value <= end)
            {
                return new StackCheck(StackVerdict.Unusual, $"it is in {name}, which cannot be used before a program has set it up");
            }
        }

        return new StackCheck(StackVerdict.NoRam, series is null
            ? "no STM32 has RAM there"
            : $"no {string.Join(", ", series.SkipLast(1).Select(s => s.Name))}{(series.Count > 1 ? " or " : "")}{series[^1].Name} has RAM there");
    }

    /// <summary>Whether a word can be the initial stack pointer of a program for some STM32, however unusual.</summary>
    public static bool FitsStack(uint stackPointer) => CheckStack(stackPointer).Verdict != StackVerdict.NoRam;

    /// <summary>Whether an address is in the RAM of some STM32.</summary>
    public static bool Contains(uint address) => Stm32Series.All.Any(s => s.Ram.Any(r => address >= r.Start && address < r.End));

    /// <summary>
    /// Whether a segment lies entirely in RAM or registers, so that there is nothing to write to flash. False for option
    /// bytes, for memory on a QSPI or FMC (it can be flash), and for the bottom of the address space (an alias of internal
    /// or external flash, or the ITCM).
    /// </summary>
    public static bool IsVolatile(uint address, long end) =>
        Volatile.Any(r => address >= r.Start && end <= r.End)
        && !OptionArea.Contains(address);
}

/// <summary>How far an initial stack pointer can be trusted.</summary>
public enum StackVerdict
{
    /// <summary>It is in RAM, or exactly at its end.</summary>
    Fits,

    /// <summary>A program with this stack pointer may run, but few programs have one like it: a reason to warn.</summary>
    Unusual,

    /// <summary>There is no RAM: a program with this stack pointer cannot run. A reason to refuse.</summary>
    NoRam,
}

/// <summary>What is wrong with an initial stack pointer.</summary>
/// <param name="Verdict">Whether it fits.</param>
/// <param name="Why">Why it does not, as the end of a sentence: "it is in ..."; empty if it fits.</param>
public sealed record StackCheck(StackVerdict Verdict, string Why);

/// <summary>Consecutive RAM.</summary>
/// <param name="Start">Its first address.</param>
/// <param name="End">The address after its last byte.</param>
public readonly record struct RamRange(uint Start, uint End);

/// <summary>
/// A series of STM32 and the RAM that its parts have: for each address where some part of the series has RAM, up to where
/// the largest part has it. The RAM of a single part can be smaller. Aliases of a RAM count: those of the code bus
/// (0x0A000000, 0x10000000) and the secure ones of parts with TrustZone (0x0E000000, 0x30000000 to 0x3FFFFFFF).
/// </summary>
/// <param name="Name">For example "STM32F4".</param>
/// <param name="Source">The reference manuals; each has the RAM in its chapter "Memory organization".</param>
/// <param name="Ram">The RAM.</param>
public sealed record Stm32Series(string Name, string Source, params IReadOnlyList<RamRange> Ram)
{
    /// <summary>F2: 112 and 16 KiB.</summary>
    public static Stm32Series F2 { get; } = new("STM32F2", "RM0033", new RamRange(0x2000_0000, 0x2002_0000));

    /// <summary>F4: up to 320 KiB (F413, F469), and 64 KiB of CCM.</summary>
    public static Stm32Series F4 { get; } = new(
        "STM32F4", "RM0090, RM0368, RM0383, RM0386, RM0390, RM0401, RM0402, RM0430", new(0x1000_0000, 0x1001_0000), new(0x2000_0000, 0x2005_0000));

    /// <summary>F7: ITCM of 16 KiB; DTCM and SRAM in one piece, up to 512 KiB.</summary>
    public static Stm32Series F7 { get; } = new("STM32F7", "RM0385, RM0410, RM0431", new(0, 0x4000), new(0x2000_0000, 0x2008_0000));

    /// <summary>H7: ITCM (up to 256 KiB on H72x and H73x), DTCM, AXI SRAM (1 MiB on H7A3), SRAM of D2 and its alias for the second core, SRAM of D3.</summary>
    public static Stm32Series H7 { get; } = new(
        "STM32H7",
        "RM0399, RM0433, RM0455, RM0468",
        new(0, 0x4_0000),
        new(0x1000_0000, 0x1004_8000),
        new(0x2000_0000, 0x2002_0000),
        new(0x2400_0000, 0x2410_0000),
        new(0x3000_0000, 0x3004_8000),
        new(0x3800_0000, 0x3801_0000));

    /// <summary>L4 and L4+: up to 640 KiB; SRAM2 also at 0x10000000.</summary>
    public static Stm32Series L4 { get; } = new(
        "STM32L4", "RM0351, RM0392, RM0393, RM0394, RM0432", new(0x1000_0000, 0x1001_0000), new(0x2000_0000, 0x200A_0000));

    /// <summary>C0: 36 KiB (C091).</summary>
    public static Stm32Series C0 { get; } = new("STM32C0", "RM0490", new RamRange(0x2000_0000, 0x2000_9000));

    /// <summary>F0: up to 32 KiB.</summary>
    public static Stm32Series F0 { get; } = new("STM32F0", "RM0091, RM0360", new RamRange(0x2000_0000, 0x2000_8000));

    /// <summary>F1: up to 96 KiB.</summary>
    public static Stm32Series F1 { get; } = new("STM32F1", "RM0008, RM0041", new RamRange(0x2000_0000, 0x2001_8000));

    /// <summary>F3: up to 64 KiB, and 16 KiB of CCM.</summary>
    public static Stm32Series F3 { get; } = new("STM32F3", "RM0313, RM0316, RM0364, RM0365, RM0366", new(0x1000_0000, 0x1000_4000), new(0x2000_0000, 0x2001_0000));

    /// <summary>G0: up to 144 KiB.</summary>
    public static Stm32Series G0 { get; } = new("STM32G0", "RM0444, RM0454", new RamRange(0x2000_0000, 0x2002_4000));

    /// <summary>G4: up to 128 KiB; CCM also at 0x10000000.</summary>
    public static Stm32Series G4 { get; } = new("STM32G4", "RM0440", new(0x1000_0000, 0x1000_8000), new(0x2000_0000, 0x2002_0000));

    /// <summary>L0: 20 KiB.</summary>
    public static Stm32Series L0 { get; } = new("STM32L0", "RM0367, RM0376, RM0377, RM0451", new RamRange(0x2000_0000, 0x2000_5000));

    /// <summary>L1: up to 80 KiB.</summary>
    public static Stm32Series L1 { get; } = new("STM32L1", "RM0038", new RamRange(0x2000_0000, 0x2001_4000));

    /// <summary>WB: up to 256 KiB; SRAM2 also at 0x10000000.</summary>
    public static Stm32Series WB { get; } = new("STM32WB", "RM0434, RM0471, RM0473, RM0478", new(0x1000_0000, 0x1001_0000), new(0x2000_0000, 0x2004_0000));

    /// <summary>L5: 256 KiB, with the aliases of the code bus and the secure ones.</summary>
    public static Stm32Series L5 { get; } = new(
        "STM32L5",
        "RM0438",
        new(0x0A00_0000, 0x0A04_0000),
        new(0x0E00_0000, 0x0E04_0000),
        new(0x2000_0000, 0x2004_0000),
        new(0x3000_0000, 0x3004_0000));

    /// <summary>U5: 2,496 KiB on U59x and U5Ax, 3,008 KiB on U5Fx and U5Gx; SRAM4 at 0x28000000.</summary>
    public static Stm32Series U5 { get; } = new(
        "STM32U5",
        "RM0456",
        new(0x0A00_0000, 0x0A2F_0000),
        new(0x0E00_0000, 0x0E2F_0000),
        new(0x2000_0000, 0x202F_0000),
        new(0x2800_0000, 0x2800_4000),
        new(0x3000_0000, 0x302F_0000),
        new(0x3800_0000, 0x3800_4000));

    /// <summary>H5: up to 640 KiB (H563), with the aliases of the code bus and the secure ones.</summary>
    public static Stm32Series H5 { get; } = new(
        "STM32H5",
        "RM0481, RM0492",
        new(0x0A00_0000, 0x0A0A_0000),
        new(0x0E00_0000, 0x0E0A_0000),
        new(0x2000_0000, 0x200A_0000),
        new(0x3000_0000, 0x300A_0000));

    /// <summary>U0: up to 40 KiB.</summary>
    public static Stm32Series U0 { get; } = new("STM32U0", "RM0503", new RamRange(0x2000_0000, 0x2000_A000));

    /// <summary>WBA: up to 512 KiB, with the aliases of the code bus and the secure ones.</summary>
    public static Stm32Series WBA { get; } = new(
        "STM32WBA",
        "RM0493, RM0515",
        new(0x0A00_0000, 0x0A08_0000),
        new(0x0E00_0000, 0x0E08_0000),
        new(0x2000_0000, 0x2008_0000),
        new(0x3000_0000, 0x3008_0000));

    /// <summary>WL: 64 KiB; SRAM2 also at 0x10000000.</summary>
    public static Stm32Series WL { get; } = new("STM32WL", "RM0453, RM0461", new(0x1000_0000, 0x1000_8000), new(0x2000_0000, 0x2001_0000));

    /// <summary>Every series.</summary>
    public static IReadOnlyList<Stm32Series> All { get; } =
    [
        C0,
        F0,
        F1,
        F2,
        F3,
        F4,
        F7,
        G0,
        G4,
        H5,
        H7,
        new(
            "STM32H7RS",
            "RM0477",
            new(0, 0x3_0000),
            new(0x2000_0000, 0x2003_0000),
            new(0x2400_0000, 0x2407_2000),
            new(0x3000_0000, 0x3000_8000)),
        L0,
        L1,
        L4,
        L5,

        // ITCM, DTCM, AXI SRAM with the RAMs of the NPU, the cache and the video encoder, AHB SRAM; then the secure aliases.
        new(
            "STM32N6",
            "RM0486",
            new(0, 0x4_0000),
            new(0x2000_0000, 0x2004_0000),
            new(0x2400_0000, 0x2442_0000),
            new(0x2800_0000, 0x2800_8000),
            new(0x1000_0000, 0x1004_0000),
            new(0x3000_0000, 0x3004_0000),
            new(0x3400_0000, 0x3442_0000),
            new(0x3800_0000, 0x3800_8000)),
        U0,
        new("STM32U3", "RM0487", new(0x0A00_0000, 0x0A04_0000), new(0x0E00_0000, 0x0E04_0000), new(0x2000_0000, 0x2004_0000), new(0x3000_0000, 0x3004_0000)),

        U5,
        WB,
        new("STM32WB0", "RM0505, RM0529, RM0530", new RamRange(0x2000_0000, 0x2001_0000)),
        WBA,
        WL,
    ];
}
