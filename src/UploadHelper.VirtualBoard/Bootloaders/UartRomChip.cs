using UploadHelper.VirtualBoard.Hardware;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>What the USART bootloader in the ROM of a chip says of itself, and what sets it apart (AN3155, AN2606).</summary>
/// <param name="productId">The answer to Get ID.</param>
/// <param name="version">The version of the protocol.</param>
/// <param name="ram">The RAM that a host may use: the ROM needs what is below.</param>
/// <param name="systemMemory">The ROM itself.</param>
/// <param name="flashSizeAt">Where the chip has the size of its flash in KiB, as two bytes.</param>
public sealed class UartRomChip(ushort productId, byte version, RamRange ram, RamRange systemMemory, uint flashSizeAt)
{
    /// <summary>The answer to Get ID.</summary>
    public ushort ProductId => productId;

    /// <summary>The version of the protocol.</summary>
    public byte Version => version;

    /// <summary>The RAM that a host may use.</summary>
    public RamRange Ram => ram;

    /// <summary>The ROM itself.</summary>
    public RamRange SystemMemory => systemMemory;

    /// <summary>Where the chip has the size of its flash in KiB, as two bytes.</summary>
    public uint FlashSizeAt => flashSizeAt;

    /// <summary>The option bytes.</summary>
    public RamRange OptionBytes { get; init; }

    /// <summary>The first word of the option bytes, as the chip leaves the factory.</summary>
    public uint Options { get; init; } = uint.MaxValue;

    /// <summary>Other areas that may be read from any address in them, and end where the chip has nothing more.</summary>
    public RamRange OtherMemory { get; init; }

    /// <summary>Where the version of the ROM is; 0 if it has none.</summary>
    public uint BootloaderIdAt { get; init; }

    /// <summary>The version of the ROM.</summary>
    public byte BootloaderId { get; init; }

    /// <summary>Whether it erases by bytes (0x43), not by half-words (0x44).</summary>
    public bool ErasesByBytes { get; init; }

    /// <summary>Number of banks that can be erased on their own; 0 if only pages can.</summary>
    public int Banks { get; init; } = 1;

    /// <summary>The number of the first page of the second bank; null if that is the one after the last of the first.</summary>
    public int? SecondBank { get; init; }

    /// <summary>Whether the width of its accesses to the flash can be set (<see cref="DeviceFeature"/>).</summary>
    public bool HasDeviceFeature { get; init; }

    /// <summary>The place of a page among the sectors of a flash; null if the chip has none with that number.</summary>
    /// <param name="page">Its number in an erase command.</param>
    /// <param name="sectors">How many there are.</param>
    public int? PageAt(int page, int sectors)
    {
        var bank = SecondBank is null ? sectors : sectors / Banks;
        return page < bank ? page : SecondBank is { } second && page >= second && page < second + bank ? page - second + bank : null;
    }

    /// <summary>Whether it answers Read Memory, Write Memory and Go with two NACKs if the flash is read protected (AN3155, notes in 3.4 to 3.6; AN2606, known limitations of the F405's ROM).</summary>
    public bool RefusesTwice { get; init; }

    /// <summary>What an address of Write Memory must be a multiple of. After one that is not, no write succeeds until the next reset (AN2606, 4.6).</summary>
    public uint Alignment { get; init; } = 4;

    /// <summary>How long it takes to erase a whole bank.</summary>
    public TimeSpan MassEraseTime { get; init; }

    /// <summary>The highest speed that it measures right; 115,200 is the highest that ST has tested (AN3155, 2.2).</summary>
    public int HighestBaudRate { get; init; } = 115_200;

    /// <summary>From a reset until it listens (AN2606, table of start-up times).</summary>
    public TimeSpan StartTime { get; init; }

    /// <summary>That of a part, or null if it is not modelled.</summary>
    public static UartRomChip? Of(Part part) => part.Name switch
    {
        "STM32F103" => Stm32F103,
        "STM32F405" => Stm32F405,
        _ => null,
    };

    /// <summary>Its commands, in the order of Get.</summary>
    public byte[] Commands => [0x00, 0x01, 0x02, 0x11, 0x21, 0x31, ErasesByBytes ? (byte)0x43 : (byte)0x44, 0x63, 0x73, 0x82, 0x92];

    /// <summary>Whether it has a command.</summary>
    public bool Has(byte command) => Commands.AsSpan().Contains(command);

    // RAM, system memory, option bytes and versions: stm32loader, devices.py, and stm32flash, dev_table.c, both from the table of device-dependent
    // parameters in AN2606. Its table of start-up times could not be seen: they are from memory (INF).

    /// <summary>
    /// STM32F103x8 and xB, V2.2: it denies the first 0x200 bytes of RAM. A mass erase takes 20 to 40 ms (DS5319). That it measures
    /// 230,400 is inferred from its clock: at 8 MHz that is 34.7 cycles a bit, 0.8 % off.
    /// </summary>
    public static UartRomChip Stm32F103 { get; } = new(0x410, 0x22, new(0x2000_0200, 0x2000_5000), new(0x1FFF_F000, 0x1FFF_F800), 0x1FFF_F7E0)
    {
        OptionBytes = new(0x1FFF_F800, 0x1FFF_F810),
        ErasesByBytes = true,
        MassEraseTime = TimeSpan.FromMilliseconds(20),
        HighestBaudRate = 230_400,
        StartTime = TimeSpan.FromMilliseconds(1.227),
    };

    /// <summary>
    /// STM32F405/407, V9.1. The size of the flash cannot be read at its own address, which lies behind the OTP: only a read that begins in the
    /// OTP reaches it (stm32loader, get_flash_size_and_uid_f4). 16 s to erase 1 MiB by bytes (DS8626, x8).
    /// </summary>
    public static UartRomChip Stm32F405 { get; } = new(0x413, 0x31, new(0x2000_3000, 0x2002_0000), new(0x1FFF_0000, 0x1FFF_7800), 0x1FFF_7A22)
    {
        OptionBytes = new(0x1FFF_C000, 0x1FFF_C010),
        OtherMemory = new(0x1FFF_7800, 0x1FFF_7A10),
        BootloaderIdAt = 0x1FFF_77DE,
        BootloaderId = 0x91,
        RefusesTwice = true,
        HasDeviceFeature = true,
        MassEraseTime = TimeSpan.FromSeconds(16),
        HighestBaudRate = 230_400,
        StartTime = TimeSpan.FromMilliseconds(82.04),
    };

    /// <summary>
    /// STM32L476, V10.3: 8 bytes are programmed at once; a mass erase of a bank takes 22.13 ms (DS10198). Option bytes: ST's factory value (two
    /// banks where that is a choice, start from the first).
    /// </summary>
    public static UartRomChip Stm32L476 { get; } = new(0x415, 0x31, new(0x2000_3000, 0x2001_8000), new(0x1FFF_0000, 0x1FFF_7000), 0x1FFF_75E0)
    {
        OptionBytes = new(0x1FFF_7800, 0x1FFF_7828),
        Options = 0xFFEF_F8AA,
        OtherMemory = new(0x1FFF_7000, 0x1FFF_7600),
        BootloaderIdAt = 0x1FFF_6FFE,
        BootloaderId = 0xA3,
        Banks = 2,
        Alignment = 8,
        MassEraseTime = TimeSpan.FromMilliseconds(22.13),
        HighestBaudRate = 230_400,
        StartTime = TimeSpan.FromMilliseconds(86.07),
    };

    /// <summary>STM32G071, V11.3: its USART measures the speed by itself, without a limit of the ROM (AN2606, 4.5; 921,600 is inferred).</summary>
    public static UartRomChip Stm32G071 { get; } = new(0x460, 0x31, new(0x2000_2700, 0x2000_9000), new(0x1FFF_0000, 0x1FFF_7000), 0x1FFF_75E0)
    {
        OptionBytes = new(0x1FFF_7800, 0x1FFF_7880),
        OtherMemory = new(0x1FFF_7000, 0x1FFF_7600),
        BootloaderIdAt = 0x1FFF_6FFE,
        BootloaderId = 0xB3,
        Alignment = 8,
        MassEraseTime = TimeSpan.FromMilliseconds(22.1),
        HighestBaudRate = 921_600,
        StartTime = TimeSpan.FromMilliseconds(1),
    };

    /// <summary>
    /// STM32G0B1 with two banks, V9.2; the rest as on the G071. The pages of the second bank are taken to be numbered as in FLASH_CR, from 256 on
    /// (RM0444; INF).
    /// </summary>
    public static UartRomChip Stm32G0B1 { get; } = OfG0B1(options: 0xFFFF_FEAA);

    /// <summary>The same with its banks swapped: nSWAP_BANK is 0.</summary>
    public static UartRomChip Stm32G0B1Swapped { get; } = OfG0B1(options: 0xFFEF_FEAA);

    private static UartRomChip OfG0B1(uint options) => new(0x467, 0x31, new(0x2000_4000, 0x2002_0000), new(0x1FFF_0000, 0x1FFF_6000), 0x1FFF_75E0)
    {
        OptionBytes = new(0x1FFF_7800, 0x1FFF_7880),
        Options = options,
        OtherMemory = new(0x1FFF_7000, 0x1FFF_A000),
        BootloaderIdAt = 0x1FFF_9FFE,
        BootloaderId = 0x92,
        Banks = 2,
        SecondBank = 256,
        Alignment = 8,
        MassEraseTime = TimeSpan.FromMilliseconds(22.1),
        HighestBaudRate = 921_600,
        StartTime = TimeSpan.FromMilliseconds(1),
    };

    /// <summary>
    /// STM32L083, V4.1: it erases to 0, and only pages (stm32flash, F_NO_ME). The size of the flash is read from the option bytes on (stm32loader).
    /// The speeds that it measures and the time that it takes are inferred.
    /// </summary>
    public static UartRomChip Stm32L083 { get; } = new(0x447, 0x31, new(0x2000_1000, 0x2000_5000), new(0x1FF0_0000, 0x1FF0_2000), 0x1FF8_007C)
    {
        OptionBytes = new(0x1FF8_0000, 0x1FF8_0020),
        BootloaderIdAt = 0x1FF0_1FFE,
        BootloaderId = 0x41,
        Banks = 0,
        HighestBaudRate = 115_200,
        StartTime = TimeSpan.FromMilliseconds(1),
    };
}
