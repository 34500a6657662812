using UploadHelper.Core.Chips;

namespace UploadHelper.Core.Bootloaders;

/// <summary>The flash of a chip.</summary>
/// <param name="part">The chip.</param>
/// <param name="map">Its sectors, numbered in this order by the erase commands.</param>
/// <param name="end">Behind what may be erased: from there on, the numbers are not certain.</param>
/// <param name="after">Why that is so: "how ...". It matters only if there is anything.</param>
public sealed class UartFlash(UartPart part, MemoryMap map, long end, string after)
{
    /// <summary>The chip.</summary>
    public UartPart Part => part;

    /// <summary>Its sectors, numbered in this order by the erase commands.</summary>
    public MemoryMap Map => map;

    /// <summary>Behind what may be erased: from there on, the numbers are not certain.</summary>
    public long End => end;

    /// <summary>Why that is so: "how ...".</summary>
    public string After => after;

    /// <summary>Why nothing of it may be erased: "its ..."; null if it may.</summary>
    public string? Objection { get; init; }
}

/// <summary>
/// How the layout of a flash shows that can have two banks. A sector of the first bank has the same number, whoever numbers them; the second
/// bank begins with the next number in some places, with 256 or something else in others.
/// </summary>
/// <param name="optionsAt">Where the option bytes are that tell, as a word; 0 if a host cannot read them.</param>
/// <param name="twoBits">The bits that tell whether there are two.</param>
/// <param name="two">What they are then.</param>
/// <param name="certain">How many KiB are in the first bank of the smallest chip that has two.</param>
public sealed class UartBanks(uint optionsAt, uint twoBits, uint two, int certain)
{
    /// <summary>Where the option bytes are that tell, as a word; 0 if a host cannot read them.</summary>
    public uint OptionsAt => optionsAt;

    /// <summary>The bits that tell whether there are two.</summary>
    public uint TwoBits => twoBits;

    /// <summary>What they are then.</summary>
    public uint Two => two;

    /// <summary>How many KiB are in the first bank of the smallest chip that has two.</summary>
    public int Certain => certain;

    /// <summary>Bits of the option bytes that are 0 on a chip whose sectors are where the numbers say.</summary>
    public uint Forbidden { get; init; }

    /// <summary>Bits that are 1 on such a chip.</summary>
    public uint Required { get; init; }

    /// <summary>The largest flash, in KiB, that is always one bank.</summary>
    public int OneBankUpTo { get; init; }

    /// <summary>The smallest flash, in KiB, that always has two banks.</summary>
    public int AlwaysFrom { get; init; } = int.MaxValue;

    /// <summary>The size, in KiB, of a flash whose banks are numbered through in any numbering; 0 if none is.</summary>
    public int NumberedThrough { get; init; }

    /// <summary>The size of a sector if there is one bank, as <see cref="UartPart.SectorSize"/>; 0 if that is not certain.</summary>
    public uint OneBankSector { get; init; }

    /// <summary>Where the second bank begins; null if that is where the first ends.</summary>
    public uint? SecondAt { get; init; }
}

/// <summary>A chip, as the USART bootloader in its ROM sees it.</summary>
/// <param name="productId">The answer to Get ID.</param>
/// <param name="name">The chips that have it.</param>
/// <param name="series">Their series.</param>
/// <param name="largestFlash">The largest flash of them, in KiB.</param>
/// <param name="largestRam">The largest RAM at 0x20000000 of them, in KiB.</param>
/// <param name="sectorSize">The size of a sector in bytes; of the first, where they grow. With two banks, if the size differs.</param>
/// <param name="flashSizeAt">Where a chip has the size of its flash in KiB.</param>
public sealed class UartPart(ushort productId, string name, Stm32Series series, int largestFlash, int largestRam, uint sectorSize, uint flashSizeAt)
{
    private const uint RamBase = 0x2000_0000;

    /// <summary>The answer to Get ID.</summary>
    public ushort ProductId => productId;

    /// <summary>The chips that have it.</summary>
    public string Name => name;

    /// <summary>Their series, with no more RAM at 0x20000000 than they have.</summary>
    public Stm32Series Own => new(
        name, series.Source, [.. series.Ram.Select(r => r.Start == RamBase ? r with { End = RamBase + (uint)largestRam * 1024 } : r)]);

    /// <summary>The largest flash of them, in KiB.</summary>
    public int LargestFlash => largestFlash;

    /// <summary>The size of a sector in bytes; of the first, where they grow. With two banks, if the size differs.</summary>
    public uint SectorSize => sectorSize;

    /// <summary>Where a chip has the size of its flash in KiB, as two bytes.</summary>
    public uint FlashSizeAt => flashSizeAt;

    /// <summary>How two banks show; null if the flash never has two, or is erased by address (F1, L0, L1), so that the numbers go through both.</summary>
    public UartBanks? Banks { get; init; }

    /// <summary>How many bytes are programmed at once; a block must begin at a multiple (AN2606, 4.6; "Alignment" in STM32CubeProgrammer's data base).</summary>
    public int ProgramUnit => series.Name switch
    {
        "STM32H7" => 32,
        "STM32H5" or "STM32U5" or "STM32WBA" => 16,
        "STM32C0" or "STM32G0" or "STM32G4" or "STM32L4" or "STM32L5" or "STM32U0" or "STM32WB" or "STM32WL" => 8,
        _ => 4,
    };

    /// <summary>What an erased byte reads as.</summary>
    public byte ErasedValue => series == Stm32Series.L0 || series == Stm32Series.L1 ? (byte)0 : (byte)0xFF;
}
