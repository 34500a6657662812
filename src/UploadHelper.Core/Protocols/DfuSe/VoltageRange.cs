using UploadHelper.Core.Bootloaders;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Usb;

namespace UploadHelper.Core.Protocols.DfuSe;

/// <summary>
/// A supply voltage, and the setting for it in the ROM of an STM32F2, F4 or F7. After a reset these ROMs program and erase with single bytes,
/// which every supply voltage allows. A byte at a virtual address, in the memory "Device Feature", names the range that the supply voltage is
/// in; the ROM then uses the widest accesses that this range allows (AN2606, 4.4 and table 4; RM0090, 3.6.2 and table 7). What is programmed with
/// wider accesses than the voltage allows may not last, even if it reads back correctly (RM0090, 3.6.2).
/// </summary>
public readonly record struct VoltageRange
{
    /// <summary>The lowest supply voltage, in volts, at which these chips can be programmed.</summary>
    public const double Lowest = 1.8;

    /// <summary>The highest supply voltage of these chips, in volts.</summary>
    public const double Highest = 3.6;

    private const uint Address = 0xFFFF_0000;
    private const int Size = 4;
    private const byte Reserved = 0xFF;

    // Range 4 is for a chip with another 9 V at its VPP pin, which no board that is plugged into USB has.
    private static readonly double[] Limits = [2.1, 2.4, 2.7];

    /// <summary>The range of a supply voltage.</summary>
    /// <param name="volts">The voltage.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is below <see cref="Lowest"/> or above <see cref="Highest"/>.</exception>
    public VoltageRange(double volts)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(volts, Lowest);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(volts, Highest);
        Volts = volts;
    }

    /// <summary>The supply voltage, in volts.</summary>
    public double Volts { get; }

    /// <summary>The value of the setting, 0 to 3.</summary>
    public byte Value
    {
        get
        {
            var volts = Volts;
            return (byte)Limits.Count(limit => volts >= limit);
        }
    }

    /// <summary>The memory that holds the setting, for a bootloader whose descriptors do not name it: the one in ROM, over UART (AN2606, 4.4).</summary>
    public static DfuMemory Memory { get; } = new(
        new DfuAlternate(0, 1, "@Device Feature/0xFFFF0000/01*004 e"),
        new MemoryMap("Device Feature", [new SectorGroup(Address, 1, Size, SectorAccess.Read | SectorAccess.Write)]));

    /// <summary>How many bytes the ROM programs at once with a value of the setting: 1, 2 or 4; 8 with 9 V at VPP.</summary>
    public static int WidthOf(byte value) => value switch { 0 => 1, 1 or 2 => 2, 3 => 4, _ => 8 };

    /// <summary>The memory that holds the setting; null if the bootloader has none.</summary>
    public static DfuMemory? MemoryIn(IReadOnlyList<DfuMemory> memories) => memories.FirstOrDefault(m => m.Map.Groups is [{ Address: Address, End: Address + (long)Size }]);

    /// <summary>Reads the setting.</summary>
    /// <param name="bootloader">The bootloader, with that memory selected.</param>
    /// <exception cref="UsbException">A transfer failed.</exception>
    /// <exception cref="Dfu.DfuException">The device refused.</exception>
    public static byte Read(IBootloader bootloader)
    {
        byte value = 0;
        bootloader.Read(Address, Size, (_, read) =>
        {
            value = read.Span[0];
            return true;
        });
        return value;
    }

    /// <summary>Writes the setting; it holds until the next one, or until the chip is reset.</summary>
    /// <param name="bootloader">The bootloader, with that memory selected.</param>
    /// <param name="value">The value.</param>
    /// <exception cref="UsbException">A transfer failed.</exception>
    /// <exception cref="Dfu.DfuException">The device refused.</exception>
    public static void Write(IBootloader bootloader, byte value) => bootloader.Write(Address, new byte[] { value, Reserved, Reserved, Reserved }, _ => { });
}
