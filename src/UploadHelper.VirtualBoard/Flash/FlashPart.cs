using UploadHelper.Core.Chips;

namespace UploadHelper.VirtualBoard.Flash;

/// <summary>What programming a unit does that is not erased.</summary>
public enum ProgramRule
{
    /// <summary>Every bit that is 0 in the data becomes 0.</summary>
    ClearsBits,

    /// <summary>Nothing, unless all of the data is 0 (PM0075, 2.3.3; RM0351, 3.3.7).</summary>
    ErasedOrZero,

    /// <summary>Bits become 0, and the ECC fits no more: reading the unit faults (RM0433, 4.3.9).</summary>
    SpoilsEcc,
}

/// <summary>The flash of one kind of microcontroller, or a flash chip beside it.</summary>
/// <param name="Name">The part.</param>
/// <param name="Sectors">Its sectors, from the base of the flash on, without gaps.</param>
/// <param name="EraseTime">Typical time to erase a sector of a size in bytes.</param>
/// <param name="ProgramUnit">Bytes that are programmed at once.</param>
/// <param name="ProgramTime">Typical time to program one unit.</param>
/// <param name="Rule">What becomes of a unit that is programmed twice.</param>
public sealed record FlashPart(
    string Name, IReadOnlyList<Sector> Sectors, Func<uint, TimeSpan> EraseTime, int ProgramUnit, TimeSpan ProgramTime, ProgramRule Rule)
{
    /// <summary>Whether each unit has an error correcting code.</summary>
    public bool HasEcc { get; init; }

    /// <summary>STM32F103 of medium or high density; typical times (DS5319 and DS5792, flash memory characteristics).</summary>
    /// <param name="size">In KiB.</param>
    /// <param name="page">1024 up to 128 KiB, 2048 beyond (PM0075).</param>
    public static FlashPart Stm32F103(int size, uint page) => new(
        "STM32F103",
        Layout($"@F/0x08000000/{size * 1024 / page}*{page / 1024}Kg"),
        _ => TimeSpan.FromMilliseconds(20),
        ProgramUnit: 2,
        ProgramTime: TimeSpan.FromMicroseconds(52.5),
        ProgramRule.ErasedOrZero);

    /// <summary>STM32F405/407 with 1 MiB; times at x32 parallelism (DS8626, tables 40 and 41).</summary>
    public static FlashPart Stm32F405() => new(
        "STM32F405",
        Layout("@F/0x08000000/04*016Kg,01*064Kg,07*128Kg"),
        size => TimeSpan.FromMilliseconds(size switch { <= 0x4000 => 250, <= 0x1_0000 => 550, _ => 1000 }),
        ProgramUnit: 4,
        ProgramTime: TimeSpan.FromMicroseconds(16),
        ProgramRule.ClearsBits);

    /// <summary>STM32H743/747 with 2 MiB in two banks; times at x64 parallelism (DS12110, flash memory characteristics).</summary>
    public static FlashPart Stm32H743() => new(
        "STM32H743",
        Layout("@F/0x08000000/16*128Kg"),
        _ => TimeSpan.FromMilliseconds(1100),
        ProgramUnit: 32,
        ProgramTime: TimeSpan.FromMicroseconds(100),
        ProgramRule.SpoilsEcc)
    {
        HasEcc = true,
    };

    /// <summary>STM32L496 with 1 MiB in two banks (DS11585, flash memory characteristics).</summary>
    public static FlashPart Stm32L496() => new(
        "STM32L496",
        Layout("@F/0x08000000/512*2Kg"),
        _ => TimeSpan.FromMilliseconds(22),
        ProgramUnit: 8,
        ProgramTime: TimeSpan.FromMicroseconds(81.69),
        ProgramRule.ErasedOrZero)
    {
        HasEcc = true,
    };

    /// <summary>M25P64: 8 MiB on SPI; page program 1.4 ms, sector erase 1 s typical (its data sheet, AC characteristics).</summary>
    public static FlashPart M25P64() => new(
        "M25P64",
        Layout("@F/0x00000000/128*64Kg"),
        _ => TimeSpan.FromSeconds(1),
        ProgramUnit: 256,
        ProgramTime: TimeSpan.FromMilliseconds(1.4),
        ProgramRule.ClearsBits);

    private static List<Sector> Layout(string map)
    {
        var sectors = new List<Sector>();
        foreach (var group in MemoryMap.Parse(map).Groups)
        {
            for (long address = group.Address; address < group.End; address += group.SectorSize)
            {
                sectors.Add(new Sector((uint)address, group.SectorSize, group.Access));
            }
        }

        return sectors;
    }
}
