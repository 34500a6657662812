using System.Buffers.Binary;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Bootloaders;

/// <summary>The USART bootloaders in the ROM of ST's chips (AN3155, AN2606): what is known of a chip by the product id that its ROM tells.</summary>
public static class UartRomFamily
{
    private const uint FlashBase = 0x0800_0000;
    private const uint Kilobyte = 1024;
    private const uint OneKilobyte = 1 * Kilobyte;
    private const uint TwoKilobytes = 2 * Kilobyte;

    // Sectors that grow: 4 of the size, one four times as large, and the rest eight times as large (RM0090, 3.3; RM0385, 3.3).
    private const uint Growing16 = 16 * Kilobyte;
    private const uint Growing32 = 32 * Kilobyte;

    // Flash size data register of each series: the chapter on the electronic signature in its reference manual. That of the F2 and F4 cannot be
    // read at its own address, but from the OTP before it on (stm32loader).
    private const uint SizeOfF0 = 0x1FFF_F7CC;
    private const uint SizeOfF1 = 0x1FFF_F7E0;
    private const uint SizeOfF4 = 0x1FFF_7A22;
    private const uint OtpOfF4 = 0x1FFF_7A00;
    private const uint SizeOfL4 = 0x1FFF_75E0;
    private const uint SizeOfF72 = 0x1FF0_7A22;
    private const uint SizeOfF74 = 0x1FF0_F442;

    /// <summary>
    /// The chips, with the largest flash and RAM that one with the id has (data sheets). Left out are those whose pages are numbered by banks, or whose flash erases
    /// to 0.
    /// </summary>
    public static IReadOnlyList<UartPart> Parts { get; } =
    [
        new(0x440, "STM32F030x8 or F05x", Stm32Series.F0, 64, 8, OneKilobyte, SizeOfF0),
        new(0x444, "STM32F03x", Stm32Series.F0, 32, 4, OneKilobyte, SizeOfF0),
        new(0x442, "STM32F030xC or F09x", Stm32Series.F0, 256, 32, TwoKilobytes, SizeOfF0),
        new(0x445, "STM32F04x or F070x6", Stm32Series.F0, 32, 6, OneKilobyte, SizeOfF0),
        new(0x448, "STM32F070xB or F07x", Stm32Series.F0, 128, 16, TwoKilobytes, SizeOfF0),
        new(0x412, "STM32F103x6 (low density)", Stm32Series.F1, 32, 10, OneKilobyte, SizeOfF1),
        new(0x410, "STM32F103x8 or xB (medium density)", Stm32Series.F1, 128, 20, OneKilobyte, SizeOfF1),
        new(0x414, "STM32F103xC to xE (high density)", Stm32Series.F1, 512, 64, TwoKilobytes, SizeOfF1),
        new(0x420, "STM32F100x4 to xB", Stm32Series.F1, 128, 8, OneKilobyte, SizeOfF1),
        new(0x428, "STM32F100xC to xE", Stm32Series.F1, 512, 32, TwoKilobytes, SizeOfF1),
        new(0x418, "STM32F105 or F107", Stm32Series.F1, 256, 64, TwoKilobytes, SizeOfF1),
        new(0x411, "STM32F2", Stm32Series.F2, 1024, 128, Growing16, SizeOfF4),
        new(0x432, "STM32F37x", Stm32Series.F3, 256, 32, TwoKilobytes, SizeOfF0),
        new(0x422, "STM32F302xC or F303xC", Stm32Series.F3, 256, 40, TwoKilobytes, SizeOfF0),
        new(0x439, "STM32F301 or F302x8", Stm32Series.F3, 64, 16, TwoKilobytes, SizeOfF0),
        new(0x438, "STM32F303x8 or F334", Stm32Series.F3, 64, 12, TwoKilobytes, SizeOfF0),
        new(0x446, "STM32F302xE or F303xE", Stm32Series.F3, 512, 64, TwoKilobytes, SizeOfF0),
        new(0x413, "STM32F405 or F407", Stm32Series.F4, 1024, 128, Growing16, SizeOfF4),
        new(0x419, "STM32F42x or F43x", Stm32Series.F4, 2048, 192, Growing16, SizeOfF4),
        new(0x423, "STM32F401xB or xC", Stm32Series.F4, 256, 64, Growing16, SizeOfF4),
        new(0x433, "STM32F401xD or xE", Stm32Series.F4, 512, 96, Growing16, SizeOfF4),
        new(0x458, "STM32F410", Stm32Series.F4, 128, 32, Growing16, SizeOfF4),
        new(0x431, "STM32F411", Stm32Series.F4, 512, 128, Growing16, SizeOfF4),
        new(0x441, "STM32F412", Stm32Series.F4, 1024, 256, Growing16, SizeOfF4),
        new(0x421, "STM32F446", Stm32Series.F4, 512, 128, Growing16, SizeOfF4),
        new(0x434, "STM32F469 or F479", Stm32Series.F4, 2048, 320, Growing16, SizeOfF4),
        new(0x463, "STM32F413 or F423", Stm32Series.F4, 1536, 320, Growing16, SizeOfF4),
        new(0x452, "STM32F72x or F73x", Stm32Series.F7, 512, 256, Growing16, SizeOfF72),
        new(0x449, "STM32F74x or F75x", Stm32Series.F7, 1024, 320, Growing32, SizeOfF74),
        new(0x466, "STM32G03x or G04x", Stm32Series.G0, 64, 8, TwoKilobytes, SizeOfL4),
        new(0x456, "STM32G05x or G06x", Stm32Series.G0, 64, 18, TwoKilobytes, SizeOfL4),
        new(0x460, "STM32G07x or G08x", Stm32Series.G0, 128, 36, TwoKilobytes, SizeOfL4),
        new(0x468, "STM32G431 or G441", Stm32Series.G4, 128, 32, TwoKilobytes, SizeOfL4),
        new(0x479, "STM32G491 or G4A1", Stm32Series.G4, 512, 112, TwoKilobytes, SizeOfL4),
        new(0x464, "STM32L412 or L422", Stm32Series.L4, 128, 40, TwoKilobytes, SizeOfL4),
        new(0x435, "STM32L43x or L44x", Stm32Series.L4, 256, 64, TwoKilobytes, SizeOfL4),
        new(0x462, "STM32L45x or L46x", Stm32Series.L4, 512, 160, TwoKilobytes, SizeOfL4),
        new(0x415, "STM32L47x or L48x", Stm32Series.L4, 1024, 96, TwoKilobytes, SizeOfL4),
        new(0x461, "STM32L496 or L4A6", Stm32Series.L4, 1024, 320, TwoKilobytes, SizeOfL4),
    ];

    /// <summary>The product ids of an STM32F103, which has USB. Other STM32F1 have none, or another kind (F105, F107).</summary>
    public static IReadOnlyList<ushort> F103 { get; } = [0x412, 0x410, 0x414];

    /// <summary>What is known of a chip; null if nothing is.</summary>
    public static UartPart? Find(ushort productId) => Parts.FirstOrDefault(p => p.ProductId == productId);

    /// <summary>Where to begin to read the size of the flash of a chip, and how many bytes to read: the last two are the size in KiB.</summary>
    public static (uint Address, int Length) SizeRegister(UartPart part) =>
        part.FlashSizeAt == SizeOfF4 ? (OtpOfF4, (int)(SizeOfF4 - OtpOfF4) + 2) : (part.FlashSizeAt, 2);

    /// <summary>The size of the flash, in KiB.</summary>
    /// <param name="part">The chip.</param>
    /// <param name="register">What was read (<see cref="SizeRegister"/>), or null: the largest that such a chip has. So does a register that says nothing.</param>
    public static int FlashSize(UartPart part, ReadOnlySpan<byte> register) =>
        register.Length >= 2 && BinaryPrimitives.ReadUInt16LittleEndian(register[^2..]) is > 0 and var size && size <= part.LargestFlash ? size : part.LargestFlash;

    /// <summary>The sectors of a chip, numbered in this order by the erase commands.</summary>
    public static MemoryMap MapOf(UartPart part, int kilobytes)
    {
        const SectorAccess All = SectorAccess.Read | SectorAccess.Erase | SectorAccess.Write;
        const int Bank = 1024;
        var sector = part.SectorSize;
        var groups = new List<SectorGroup>();
        var address = FlashBase;
        if (sector is not (Growing16 or Growing32))
        {
            Add(kilobytes * (int)Kilobyte / (int)sector, sector);
        }

        // 2 MiB are two banks of 1 MiB (RM0090, 3.4).
        for (var left = kilobytes; sector is Growing16 or Growing32 && left > 0;)
        {
            var bank = kilobytes == 2 * Bank ? Bank : left;
            Add(4, sector);
            Add(1, 4 * sector);
            Add((bank * (int)Kilobyte / (int)sector - 8) / 8, 8 * sector);
            left -= bank;
        }

        return new MemoryMap("Internal Flash", groups);

        void Add(int count, uint size)
        {
            if (count > 0)
            {
                groups.Add(new SectorGroup(address, count, size, All));
                address += (uint)count * size;
            }
        }
    }

    /// <summary>What is known of the bootloader of a chip.</summary>
    public static BootloaderInfo InfoOf(UartPart part) => new($"ST USART bootloader, {part.Name}", "AN3155")
    {
        IsCertain = true,
        IsInRom = true,
        Series = [part.Own],
        Part = part,

        // 8 bytes are programmed at once on G0, G4 and L4; a block must begin at a multiple of that (AN2606, 4.6).
        LastWrite = part.SectorSize == TwoKilobytes && part.FlashSizeAt == SizeOfL4 ? 8 : 4,
        NotStarted = "Set BOOT0 low and press RESET on the board.",
    };

    /// <summary>What stands for the descriptors of a device: it has no USB.</summary>
    /// <param name="part">The chip.</param>
    /// <param name="port">The serial port.</param>
    /// <param name="map">Its flash.</param>
    public static DfuDescription Describe(UartPart part, string port, MemoryMap map)
    {
        const byte CanReadAndWrite = 0x03;
        const ushort BlockSize = 256;
        return new DfuDescription(
            new UsbDeviceInfo(0, 0, port, 0, 0, 0, []),
            0,
            "STMicroelectronics",
            part.Name,
            "",
            new DfuFunctionalDescriptor(CanReadAndWrite, BlockSize, 0),
            [new DfuAlternate(0, 0, map.ToString())]);
    }
}

/// <summary>A chip, as the USART bootloader in its ROM sees it.</summary>
/// <param name="productId">The answer to Get ID.</param>
/// <param name="name">The chips that have it.</param>
/// <param name="series">Their series.</param>
/// <param name="largestFlash">The largest flash of them, in KiB.</param>
/// <param name="largestRam">The largest RAM at 0x20000000 of them, in KiB.</param>
/// <param name="sectorSize">The size of a sector in bytes; of the first, where they grow.</param>
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

    /// <summary>The size of a sector in bytes; of the first, where they grow.</summary>
    public uint SectorSize => sectorSize;

    /// <summary>Where a chip has the size of its flash in KiB, as two bytes.</summary>
    public uint FlashSizeAt => flashSizeAt;
}
