using UploadHelper.Core.Dfu.DfuSe;

namespace UploadHelper.VirtualBoard.Flash;

/// <summary>The flash of one kind of microcontroller.</summary>
/// <param name="Name">The part.</param>
/// <param name="Sectors">Its sectors, from the base of the flash on, without gaps.</param>
/// <param name="EraseTime">Typical time to erase a sector of a size in bytes.</param>
/// <param name="ProgramUnit">Bytes that are programmed at once.</param>
/// <param name="ProgramTime">Typical time to program one unit.</param>
public sealed record FlashPart(
    string Name, IReadOnlyList<Sector> Sectors, Func<uint, TimeSpan> EraseTime, int ProgramUnit, TimeSpan ProgramTime)
{
    /// <summary>STM32F405/407 with 1 MiB; times at x32 parallelism (DS8626, tables 40 and 41).</summary>
    public static FlashPart Stm32F405() => new(
        "STM32F405",
        [.. MemoryMap.Parse("@F/0x08000000/04*016Kg,01*064Kg,07*128Kg").Groups.SelectMany(
            g => Enumerable.Range(0, g.Count).Select(i => new Sector(g.Address + (uint)i * g.SectorSize, g.SectorSize, g.Access)))],
        size => TimeSpan.FromMilliseconds(size switch { <= 0x4000 => 250, <= 0x1_0000 => 550, _ => 1000 }),
        ProgramUnit: 4,
        ProgramTime: TimeSpan.FromMicroseconds(16));
}
