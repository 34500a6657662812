using System.Buffers.Binary;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Bootloaders;

/// <summary>The USART bootloaders in the ROM of ST's chips (AN3155, AN2606): what is known of a chip by the product id that its ROM tells.</summary>
public static class UartRomFamily
{
    private const uint FlashBase = FlashAddress.FlashBase;
    private const uint Kilobyte = 1024;
    private const uint OneKilobyte = 1 * Kilobyte;
    private const uint TwoKilobytes = 2 * Kilobyte;
    private const uint FourKilobytes = 4 * Kilobyte;
    private const uint EightKilobytes = 8 * Kilobyte;

    // Sectors that grow: 4 of the size, one four times as large, and the rest eight times as large (RM0090, 3.3; RM0385, 3.3).
    private const uint Growing16 = 16 * Kilobyte;
    private const uint Growing32 = 32 * Kilobyte;

    // Flash size data register of each series: the chapter on the electronic signature in its reference manual, and STM32CubeProgrammer's data
    // base; U0: OpenOCD, stm32l4x.c. That of the F2, F4 and L0 cannot be read at its own address, but from the OTP or the option bytes before it
    // on (stm32loader); that of a G474 not at all (ST community 30843).
    private const uint SizeOfC0 = 0x1FFF_75A0;
    private const uint SizeOfF0 = 0x1FFF_F7CC;
    private const uint SizeOfF1 = 0x1FFF_F7E0;
    private const uint SizeOfF4 = 0x1FFF_7A22;
    private const uint OtpOfF4 = 0x1FFF_7A00;
    private const uint SizeOfF72 = 0x1FF0_7A22;
    private const uint SizeOfF74 = 0x1FF0_F442;
    private const uint SizeOfH5 = 0x08FF_F80C;
    private const uint SizeOfH7 = 0x1FF1_E880;
    private const uint SizeOfL0 = 0x1FF8_007C;
    private const uint OptionsOfL0 = 0x1FF8_0000;
    private const uint SizeOfL1 = 0x1FF8_004C;
    private const uint SizeOfL1Cat3 = 0x1FF8_00CC;
    private const uint SizeOfL4 = 0x1FFF_75E0;
    private const uint SizeOfL5 = 0x0BFA_05E0;
    private const uint SizeOfU03 = 0x1FFF_3EA0;
    private const uint SizeOfU07 = 0x1FFF_6EA0;
    private const uint SizeOfU5 = 0x0BFA_07A0;
    private const uint SizeOfWba = 0x0BF9_07A0;

    // A register with less says nothing: no chip has so little, and an L15xxD has 0 or 1 there (stlink, OpenOCD).
    private const int SmallestFlash = 8;

    // The option bytes that STM32CubeProgrammer's data base reads for its "Bootloader" interface, and their bits.
    private const uint OptionsOfL4 = 0x1FFF_7800;
    private const uint OptionsOfU5 = 0x4002_2040;
    private const uint Bit13 = 1 << 13;
    private const uint Bit14 = 1 << 14;
    private const uint Bit20 = 1 << 20;
    private const uint Bit21 = 1 << 21;
    private const uint Bit22 = 1 << 22;
    private const uint Bit31 = 1u << 31;

    // DB1M: 2 MiB always are two banks.
    private static readonly UartBanks BanksOfF4 = new(0x1FFF_C008, Bit14, Bit14, 256) { OneBankUpTo = 512, AlwaysFrom = 2048, OneBankSector = Growing16 };

    // DUALBANK, BFB2. In FLASH_CR the bit of the bank follows the eight bits of the page (RM0351), so that 1 MiB are numbered through.
    private static readonly UartBanks BanksOfL4 = new(OptionsOfL4, Bit21, Bit21, 128) { Forbidden = Bit20, AlwaysFrom = 1024, NumberedThrough = 1024, OneBankSector = TwoKilobytes };

    // DBANK, and DB1M or DB512K for the smaller ones; BFB2. OpenOCD and the data base differ about the pages of a single bank.
    private static readonly UartBanks BanksOfL4Plus = new(0x1FF0_0000, Bit21 | Bit22, Bit21 | Bit22, 256) { Forbidden = Bit20 };

    private static readonly UartBanks BanksOfU53 = BanksOfU5(largest: 512, certain: 64);
    private static readonly UartBanks BanksOfU57 = BanksOfU5(largest: 2048, certain: 512);
    private static readonly UartBanks BanksOfU59 = BanksOfU5(largest: 4096, certain: 1024);

    /// <summary>
    /// The chips, with the largest flash and RAM that one with the id has (data sheets). The sectors and sizes are those in STM32CubeProgrammer's
    /// data base, stm32flash's dev_table.c and OpenOCD, which name only a part of the RAM of some.
    /// </summary>
    public static IReadOnlyList<UartPart> Parts { get; } =
    [
        new(0x443, "STM32C011", Stm32Series.C0, 32, 6, TwoKilobytes, SizeOfC0),
        new(0x453, "STM32C031", Stm32Series.C0, 32, 12, TwoKilobytes, SizeOfC0),
        new(0x44C, "STM32C051", Stm32Series.C0, 64, 12, TwoKilobytes, SizeOfC0),
        new(0x493, "STM32C071", Stm32Series.C0, 128, 24, TwoKilobytes, SizeOfC0),
        new(0x44D, "STM32C091 or C092", Stm32Series.C0, 256, 36, TwoKilobytes, SizeOfC0),
        new(0x440, "STM32F030x8 or F05x", Stm32Series.F0, 64, 8, OneKilobyte, SizeOfF0),
        new(0x444, "STM32F03x", Stm32Series.F0, 32, 4, OneKilobyte, SizeOfF0),
        new(0x442, "STM32F030xC or F09x", Stm32Series.F0, 256, 32, TwoKilobytes, SizeOfF0),
        new(0x445, "STM32F04x or F070x6", Stm32Series.F0, 32, 6, OneKilobyte, SizeOfF0),
        new(0x448, "STM32F070xB or F07x", Stm32Series.F0, 128, 16, TwoKilobytes, SizeOfF0),
        new(0x412, "STM32F103x6 (low density)", Stm32Series.F1, 32, 10, OneKilobyte, SizeOfF1),
        new(0x410, "STM32F103x8 or xB (medium density)", Stm32Series.F1, 128, 20, OneKilobyte, SizeOfF1),
        new(0x414, "STM32F103xC to xE (high density)", Stm32Series.F1, 512, 64, TwoKilobytes, SizeOfF1),
        new(0x430, "STM32F103xF or xG (XL density)", Stm32Series.F1, 1024, 96, TwoKilobytes, SizeOfF1),
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
        new(0x419, "STM32F42x or F43x", Stm32Series.F4, 2048, 192, Growing16, SizeOfF4) { Banks = BanksOfF4 },
        new(0x423, "STM32F401xB or xC", Stm32Series.F4, 256, 64, Growing16, SizeOfF4),
        new(0x433, "STM32F401xD or xE", Stm32Series.F4, 512, 96, Growing16, SizeOfF4),
        new(0x458, "STM32F410", Stm32Series.F4, 128, 32, Growing16, SizeOfF4),
        new(0x431, "STM32F411", Stm32Series.F4, 512, 128, Growing16, SizeOfF4),
        new(0x441, "STM32F412", Stm32Series.F4, 1024, 256, Growing16, SizeOfF4),
        new(0x421, "STM32F446", Stm32Series.F4, 512, 128, Growing16, SizeOfF4),
        new(0x434, "STM32F469 or F479", Stm32Series.F4, 2048, 320, Growing16, SizeOfF4) { Banks = BanksOfF4 },
        new(0x463, "STM32F413 or F423", Stm32Series.F4, 1536, 320, Growing16, SizeOfF4),
        new(0x452, "STM32F72x or F73x", Stm32Series.F7, 512, 256, Growing16, SizeOfF72),
        new(0x449, "STM32F74x or F75x", Stm32Series.F7, 1024, 320, Growing32, SizeOfF74),
        new(0x451, "STM32F76x or F77x", Stm32Series.F7, 2048, 512, Growing16, SizeOfF74)
        {
            // nDBANK: the sectors of a single bank are twice as large.
            Banks = new(0x1FFF_0008, Bit13, 0, 512) { OneBankSector = Growing32 },
        },
        new(0x466, "STM32G03x or G04x", Stm32Series.G0, 64, 8, TwoKilobytes, SizeOfL4),
        new(0x456, "STM32G05x or G06x", Stm32Series.G0, 64, 18, TwoKilobytes, SizeOfL4),
        new(0x460, "STM32G07x or G08x", Stm32Series.G0, 128, 36, TwoKilobytes, SizeOfL4),
        new(0x467, "STM32G0Bx or G0Cx", Stm32Series.G0, 512, 144, TwoKilobytes, SizeOfL4)
        {
            // DUAL_BANK, nSWAP_BANK. RM0444 numbers the second bank from 256, HAL from 0, STM32CubeProgrammer from 0xFF00 (ST community 138555, 133729).
            Banks = new(OptionsOfL4, Bit21, Bit21, 128) { Required = Bit20, OneBankUpTo = 128, OneBankSector = TwoKilobytes },
        },
        new(0x468, "STM32G431 or G441", Stm32Series.G4, 128, 32, TwoKilobytes, SizeOfL4),
        new(0x469, "STM32G47x or G48x", Stm32Series.G4, 512, 128, TwoKilobytes, SizeOfL4)
        {
            // DBANK, BFB2. The second bank begins at the same address in all of them (OpenOCD, STM32CubeProgrammer's data base).
            Banks = new(OptionsOfL4, Bit22, Bit22, 64) { Forbidden = Bit20, OneBankSector = FourKilobytes, SecondAt = 0x0804_0000 },
        },
        new(0x479, "STM32G491 or G4A1", Stm32Series.G4, 512, 112, TwoKilobytes, SizeOfL4),
        new(0x474, "STM32H503", Stm32Series.H5, 128, 32, EightKilobytes, SizeOfH5) { Banks = BanksOfH5(certain: 64) },
        new(0x478, "STM32H523 or H533", Stm32Series.H5, 512, 272, EightKilobytes, SizeOfH5) { Banks = BanksOfH5(certain: 128) },
        new(0x484, "STM32H56x or H57x", Stm32Series.H5, 2048, 640, EightKilobytes, SizeOfH5) { Banks = BanksOfH5(certain: 512) },
        new(0x483, "STM32H72x or H73x", Stm32Series.H7, 1024, 128, 128 * Kilobyte, SizeOfH7),

        new(0x450, "STM32H74x or H75x", Stm32Series.H7, 2048, 128, 128 * Kilobyte, SizeOfH7)
        {
            // SWAP_BANK, of which the data base names no place. The H750 has one sector.
            Banks = new(0, 0, 0, 0) { OneBankUpTo = 128, OneBankSector = 128 * Kilobyte },
        },
        new(0x480, "STM32H7Ax or H7Bx", Stm32Series.H7, 2048, 128, EightKilobytes, SizeOfH5) { Banks = new(0, 0, 0, 0) },
        new(0x457, "STM32L01x or L02x", Stm32Series.L0, 16, 2, 128, SizeOfL0),
        new(0x425, "STM32L03x or L04x", Stm32Series.L0, 32, 8, 128, SizeOfL0),
        new(0x417, "STM32L05x or L06x", Stm32Series.L0, 64, 8, 128, SizeOfL0),
        new(0x447, "STM32L07x or L08x", Stm32Series.L0, 192, 20, 128, SizeOfL0),
        new(0x416, "STM32L100x6 to xB or L15xx6 to xB", Stm32Series.L1, 128, 16, 256, SizeOfL1),
        new(0x429, "STM32L100x6 to xB or L15xx6 to xB, revision A", Stm32Series.L1, 128, 32, 256, SizeOfL1),
        new(0x427, "STM32L100xC, L15xxC or L162xC", Stm32Series.L1, 256, 32, 256, SizeOfL1Cat3),
        new(0x436, "STM32L15xxD or L162xD", Stm32Series.L1, 384, 48, 256, SizeOfL1Cat3),
        new(0x437, "STM32L15xxE or L162xE", Stm32Series.L1, 512, 80, 256, SizeOfL1Cat3),
        new(0x464, "STM32L412 or L422", Stm32Series.L4, 128, 40, TwoKilobytes, SizeOfL4),
        new(0x435, "STM32L43x or L44x", Stm32Series.L4, 256, 64, TwoKilobytes, SizeOfL4),
        new(0x462, "STM32L45x or L46x", Stm32Series.L4, 512, 160, TwoKilobytes, SizeOfL4),
        new(0x415, "STM32L47x or L48x", Stm32Series.L4, 1024, 96, TwoKilobytes, SizeOfL4) { Banks = BanksOfL4 },
        new(0x461, "STM32L496 or L4A6", Stm32Series.L4, 1024, 320, TwoKilobytes, SizeOfL4) { Banks = BanksOfL4 },
        new(0x470, "STM32L4R or L4S", Stm32Series.L4, 2048, 640, FourKilobytes, SizeOfL4) { Banks = BanksOfL4Plus },
        new(0x471, "STM32L4P or L4Q", Stm32Series.L4, 1024, 320, FourKilobytes, SizeOfL4) { Banks = BanksOfL4Plus },
        new(0x472, "STM32L552 or L562", Stm32Series.L5, 512, 256, TwoKilobytes, SizeOfL5)
        {
            // DBANK, SWAP_BANK, TZEN.
            Banks = new(OptionsOfU5, Bit22, Bit22, 128) { Forbidden = Bit20 | Bit31, OneBankSector = FourKilobytes },
        },
        new(0x459, "STM32U031", Stm32Series.U0, 64, 12, TwoKilobytes, SizeOfU03),
        new(0x489, "STM32U073 or U083", Stm32Series.U0, 256, 40, TwoKilobytes, SizeOfU07),
        new(0x455, "STM32U535 or U545", Stm32Series.U5, 512, 256, EightKilobytes, SizeOfU5) { Banks = BanksOfU53 },
        new(0x482, "STM32U575 or U585", Stm32Series.U5, 2048, 768, EightKilobytes, SizeOfU5) { Banks = BanksOfU57 },
        new(0x481, "STM32U59x or U5Ax", Stm32Series.U5, 4096, 2496, EightKilobytes, SizeOfU5) { Banks = BanksOfU59 },
        new(0x476, "STM32U5Fx or U5Gx", Stm32Series.U5, 4096, 3008, EightKilobytes, SizeOfU5) { Banks = BanksOfU59 },
        new(0x494, "STM32WB10 or WB15", Stm32Series.WB, 320, 228, TwoKilobytes, SizeOfL4),
        new(0x495, "STM32WB30, WB35, WB50 or WB55", Stm32Series.WB, 1024, 256, FourKilobytes, SizeOfL4),
        new(0x492, "STM32WBA5x", Stm32Series.WBA, 1024, 128, EightKilobytes, SizeOfWba)
        {
            // It has one bank, but TZEN.
            Banks = new(OptionsOfU5, Bit31, Bit31, 0) { Forbidden = Bit31, OneBankSector = EightKilobytes },
        },
        new(0x497, "STM32WL5x or WLEx", Stm32Series.WL, 256, 64, TwoKilobytes, SizeOfL4),
    ];

    /// <summary>The product ids of an STM32F103, which has USB. Other STM32F1 have none, or another kind (F105, F107).</summary>
    public static IReadOnlyList<ushort> F103 { get; } = [0x412, 0x410, 0x414];

    /// <summary>What is known of a chip; null if nothing is.</summary>
    public static UartPart? Find(ushort productId) => Parts.FirstOrDefault(p => p.ProductId == productId);

    /// <summary>Where to begin to read the size of the flash of a chip, and how many bytes to read: the last two are the size in KiB.</summary>
    public static (uint Address, int Length) SizeRegister(UartPart part) => part.FlashSizeAt switch
    {
        SizeOfF4 => (OtpOfF4, (int)(SizeOfF4 - OtpOfF4) + 2),
        SizeOfL0 => (OptionsOfL0, (int)(SizeOfL0 - OptionsOfL0) + 2),
        var at => (at, 2),
    };

    /// <summary>The size of the flash, in KiB; null if what was read (<see cref="SizeRegister"/>) says nothing.</summary>
    public static int? FlashSize(UartPart part, ReadOnlySpan<byte> register) =>
        register.Length >= 2 && BinaryPrimitives.ReadUInt16LittleEndian(register[^2..]) is >= SmallestFlash and var size && size <= part.LargestFlash ? size : null;

    /// <summary>The flash of a chip.</summary>
    /// <param name="part">The chip.</param>
    /// <param name="size">Its size in KiB; null if that cannot be read: then it is taken for the largest.</param>
    /// <param name="options">Its option bytes (<see cref="UartBanks.OptionsAt"/>); null if they cannot be read.</param>
    /// <param name="erasesByBytes">Whether its bootloader numbers sectors with single bytes.</param>
    public static UartFlash FlashOf(UartPart part, int? size, uint? options, bool erasesByBytes)
    {
        const int NumbersInAByte = 256;
        var kilobytes = size ?? part.LargestFlash;
        if (part.Banks is not { } banks || kilobytes <= banks.OneBankUpTo)
        {
            return Flash(part.Banks?.OneBankSector ?? part.SectorSize, kilobytes, kilobytes);
        }

        if (options is not { } word)
        {
            return Refused("its option bytes tell where its sectors are, and cannot be read over UART");
        }

        if ((word & banks.Forbidden) != 0 || (word & banks.Required) != banks.Required)
        {
            return Refused($"its option bytes (0x{word:X8} at 0x{banks.OptionsAt:X8}) swap its banks, start it from the second, or turn TrustZone on");
        }

        if (kilobytes < banks.AlwaysFrom && (word & banks.TwoBits) != banks.Two)
        {
            return banks.OneBankSector != 0 ? Flash(banks.OneBankSector, kilobytes, kilobytes)
                : Refused($"its option bytes (0x{word:X8} at 0x{banks.OptionsAt:X8}) make one bank of its flash, and how large its sectors are then is not certain");
        }

        var bank = kilobytes / 2;
        return Flash(part.SectorSize, bank, size is null ? banks.Certain : size == banks.NumberedThrough ? kilobytes : bank);

        UartFlash Refused(string why) => new(part, new MemoryMap("", []), FlashBase, "") { Objection = why };

        UartFlash Flash(uint sector, int first, int numbered)
        {
            var end = FlashBase + numbered * (long)Kilobyte;
            var last = FlashBase + NumbersInAByte * (long)sector;
            var groups = new List<SectorGroup>();
            AddBank(groups, FlashBase, first, sector);
            AddBank(groups, part.Banks?.SecondAt ?? FlashBase + (uint)first * Kilobyte, kilobytes - first, sector);
            return new UartFlash(
                part,
                new MemoryMap("Internal Flash", groups),
                erasesByBytes && last < end ? last : end,
                erasesByBytes && last < end ? "its bootloader has no numbers for more than 256 sectors"
                    : size is null ? "its bootloader does not tell how large the flash is"
                    : "how its bootloader numbers the sectors of the second bank is not certain");
        }
    }

    private static void AddBank(List<SectorGroup> groups, uint address, int kilobytes, uint sector)
    {
        const SectorAccess All = SectorAccess.Read | SectorAccess.Erase | SectorAccess.Write;
        var left = (uint)kilobytes * Kilobyte;
        if (sector is Growing16 or Growing32)
        {
            Add(4, sector);
            Add(1, 4 * sector);
            sector *= 8;
        }

        Add(uint.MaxValue, sector);

        void Add(uint most, uint size)
        {
            var count = Math.Min(most, left / size);
            if (count > 0)
            {
                groups.Add(new SectorGroup(address, (int)count, size, All));
            }

            (address, left) = (address + count * size, left - count * size);
        }
    }

    // DUALBANK, SWAP_BANK, TZEN. The largest of an id always has two banks.
    private static UartBanks BanksOfU5(int largest, int certain) =>
        new(OptionsOfU5, Bit21, Bit21, certain) { Forbidden = Bit20 | Bit31, AlwaysFrom = largest, OneBankSector = EightKilobytes };

    // SWAP_BANK; they always have two banks.
    private static UartBanks BanksOfH5(int certain) => new(0x4002_2050, 0, 0, certain) { Forbidden = Bit31 };

    /// <summary>What is known of the bootloader of a chip.</summary>
    public static BootloaderInfo InfoOf(UartFlash flash) => new($"ST USART bootloader, {flash.Part.Name}", "AN3155")
    {
        IsCertain = true,
        IsInRom = true,
        Series = [flash.Part.Own],
        Part = flash.Part,
        LastWrite = flash.Part.ProgramUnit,
        ErasedValue = flash.Part.ErasedValue,
        SetsProgramFormat = flash.Part.SectorSize is Growing16 or Growing32,
        Writable = new WritableRange(FlashBase, flash.End, "", flash.After) { HintAfter = "Use STM32CubeProgrammer with an ST-Link." },
        NotStarted = "Set BOOT0 low and press RESET on the board.",
    };

    /// <summary>What stands for the descriptors of a device: it has no USB.</summary>
    /// <param name="flash">The flash of the chip.</param>
    /// <param name="port">The serial port.</param>
    public static DfuDescription Describe(UartFlash flash, string port)
    {
        const byte CanReadAndWrite = 0x03;
        const ushort BlockSize = 256;
        return new DfuDescription(
            new UsbDeviceInfo(0, 0, port, 0, 0, 0, []),
            0,
            "STMicroelectronics",
            flash.Part.Name,
            "",
            new DfuFunctionalDescriptor(CanReadAndWrite, BlockSize, 0),
            [new DfuAlternate(0, 0, flash.Map.ToString())]);
    }
}
