namespace UploadHelper.VirtualBoard.Hardware;

/// <summary>What the firmware on a board, a bootloader or a sketch, can do with its microcontroller.</summary>
public interface IMicrocontroller
{
    /// <summary>The board's time.</summary>
    TimeSpan Now { get; }

    /// <summary>The internal flash.</summary>
    FlashMemory Flash { get; }

    /// <summary>The flash chip on the board's SPI, or null.</summary>
    FlashMemory? SpiFlash { get; }

    /// <summary>A backup register (DR10 of an F1): survives a reset, and is cleared when the power is gone.</summary>
    ushort BackupRegister { get; set; }

    /// <summary>Writes a line to the log.</summary>
    void Log(BoardEventKind kind, string text);

    /// <summary>Resets the microcontroller: it leaves the bus and boots again.</summary>
    /// <param name="why">For the log.</param>
    /// <param name="cause">What it finds when it boots.</param>
    void Reset(string why, BootCause cause);

    /// <summary>The processor hangs: the device stays on the bus and does not answer until the next reset.</summary>
    /// <param name="why">For the log.</param>
    void Hang(string why);

    /// <summary>The processor hangs, and the device leaves the bus: nothing happens until the next reset.</summary>
    /// <param name="why">For the log.</param>
    void Vanish(string why);

    /// <summary>Starts the program at an address, as a bootloader does.</summary>
    /// <param name="address">Address of its vector table.</param>
    void StartSketch(uint address);
}

/// <summary>What a microcontroller finds when it comes out of a reset.</summary>
public enum BootCause
{
    /// <summary>Power came up.</summary>
    Power,

    /// <summary>The RESET button.</summary>
    ResetButton,

    /// <summary>A reset by software that leaves no flag.</summary>
    Software,

    /// <summary>A reset by software; a flag in a backup register asks for the bootloader (0x424C, Arduino_STM32).</summary>
    Flag,

    /// <summary>A reset by software; a flag in two backup registers asks for the bootloader (0x424C in DR4 and in DR10, Arduino_Core_STM32 with BL_HID).</summary>
    HidFlag,

    /// <summary>A reset by software, after a DETACH; the sketch has left the flag that its board's own bootloader looks for.</summary>
    Detached,

    /// <summary>A reset by software; a word in RAM asks the sketch's own start-up code for the bootloader in ROM.</summary>
    RomRequest,

    /// <summary>Someone starts this board's bootloader by hand: holds its button, or presses RESET.</summary>
    ByHand,

    /// <summary>The BOOT0 pin is high: the bootloader in ROM starts, whatever is in flash (AN2606).</summary>
    Boot0,
}

/// <summary>What a line of a board's log is about.</summary>
public enum BoardEventKind
{
    /// <summary>The board appeared on the bus, or left it.</summary>
    Bus,

    /// <summary>A control transfer.</summary>
    Request,

    /// <summary>The flash was erased or programmed.</summary>
    Flash,

    /// <summary>The board was reset, or a bootloader or a sketch started.</summary>
    Start,

    /// <summary>Something that no host should do.</summary>
    Violation,
}

/// <summary>Something that happened on a board.</summary>
/// <param name="Time">When, in the board's time.</param>
/// <param name="Kind">What it is about.</param>
/// <param name="Text">What happened; ASCII.</param>
public sealed record BoardEvent(TimeSpan Time, BoardEventKind Kind, string Text)
{
    /// <summary>As a line of text.</summary>
    public override string ToString() => $"{Time.TotalSeconds,9:0.000}  {(Kind == BoardEventKind.Violation ? "VIOLATION " : "")}{Text}";
}

/// <summary>What happens when a program unit is programmed that is not erased.</summary>
public enum ProgramRule
{
    /// <summary>Every bit that is 0 in the data becomes 0.</summary>
    ClearsBits,

    /// <summary>Nothing, unless all of the data is 0 (PM0075, 2.3.3; RM0351, 3.3.7).</summary>
    ErasedOrZero,

    /// <summary>Bits become 0, and the ECC no longer matches: reading the unit faults (RM0433, 4.3.9).</summary>
    BreaksEcc,
}

/// <summary>A flash sector or page: the unit of erasing.</summary>
/// <param name="Address">Its first address.</param>
/// <param name="Size">Its size in bytes.</param>
public readonly record struct FlashSector(uint Address, uint Size)
{
    /// <summary>Address after its last byte.</summary>
    public long End => Address + (long)Size;
}

/// <summary>A RAM of a microcontroller.</summary>
/// <param name="Start">Its first address.</param>
/// <param name="End">Address after its last byte.</param>
public readonly record struct RamRange(uint Start, uint End);

/// <summary>How long an operation on flash takes, as a data sheet has it.</summary>
/// <param name="Typical">The typical time.</param>
/// <param name="Longest">The longest time.</param>
public readonly record struct FlashTime(TimeSpan Typical, TimeSpan Longest)
{
    /// <summary>A time in milliseconds; the longest is twice the typical one unless it is given.</summary>
    public static FlashTime Milliseconds(double typical, double? longest = null) => new(TimeSpan.FromMilliseconds(typical), TimeSpan.FromMilliseconds(longest ?? 2 * typical));
}

/// <summary>The times of a flash.</summary>
/// <param name="Width">Bytes that are programmed in <paramref name="Program"/>.</param>
/// <param name="Program">The time to program them.</param>
/// <param name="Erase">The time to erase a sector of a size in bytes.</param>
public sealed record FlashTimes(int Width, FlashTime Program, Func<uint, FlashTime> Erase);

/// <summary>
/// A microcontroller, or a flash chip on the board: its flash and its RAM, as its data sheet has them. These facts stand
/// alone: nothing of what the host program knows about parts is used here, so that a gap in one of the two tables shows.
/// </summary>
/// <param name="Name">The part.</param>
/// <param name="Sectors">Its sectors in order of address, without gaps.</param>
/// <param name="Times">Its times; on a part that can program bytes and half-words too, those for words.</param>
/// <param name="Rule">What happens when a unit is programmed twice.</param>
public sealed record Part(string Name, IReadOnlyList<FlashSector> Sectors, FlashTimes Times, ProgramRule Rule)
{
    private const uint FlashBase = 0x0800_0000;
    private const int KiB = 1024;

    /// <summary>The times with narrower accesses, which a part allows whose supply voltage is too low for words (RM0090, 3.6.2); none on most parts.</summary>
    public IReadOnlyList<FlashTimes> Narrower { get; init; } = [];

    /// <summary>Bytes that are programmed at once, as the reference manual has it for a program that writes words.</summary>
    public int ProgramUnit => Times.Width;

    /// <summary>Its RAMs; a flash chip has none.</summary>
    public IReadOnlyList<RamRange> Rams { get; init; } = [];

    /// <summary>Whether an erased bit is 0, and programming sets bits (STM32L0 and L1).</summary>
    public bool IsErasedToZero { get; init; }

    /// <summary>What an erased byte reads as.</summary>
    public byte Erased => IsErasedToZero ? (byte)0 : (byte)0xFF;

    /// <summary>Whether each program unit has an error correcting code.</summary>
    public bool HasEcc { get; init; }

    /// <summary>
    /// Whether a program can run with an initial stack pointer: it is word-aligned, and in a RAM or at its end (a full
    /// descending stack).
    /// </summary>
    public bool HasStackAt(uint stackPointer) => stackPointer % 4 == 0 && Rams.Any(r => stackPointer > r.Start && stackPointer <= r.End);

    /// <summary>STM32F103x8 or xB (medium density): pages of 1 KiB, 20 KiB of RAM (DS5319).</summary>
    /// <param name="size">Flash size in KiB: 64 or 128.</param>
    public static Part Stm32F103(int size) => Stm32F1("STM32F103", size, page: 1 * KiB, ram: 20 * KiB);

    /// <summary>STM32F103xE (high density): 512 KiB in pages of 2 KiB, 64 KiB of RAM (DS5792).</summary>
    public static Part Stm32F103HighDensity() => Stm32F1("STM32F103xE", size: 512, page: 2 * KiB, ram: 64 * KiB);

    /// <summary>STM32F103RC and others with 256 KiB (DS5792); times as <see cref="Stm32F103HighDensity"/>.</summary>
    public static Part Stm32F103XC() => Stm32F1("STM32F103xC", size: 256, page: 2 * KiB, ram: 48 * KiB);

    /// <summary>
    /// STM32F405/407 with 1 MiB (DS8626, table 40). RAM: 64 KiB of CCM, and 112 + 16 KiB of SRAM (DS8626, 5).
    /// </summary>
    public static Part Stm32F405() => Stm32F4("STM32F405", sram: 128 * KiB, (4, 16 * KiB), (1, 64 * KiB), (7, 128 * KiB));

    /// <summary>STM32F427/429 with 2 MiB in two banks; the same times, 64 KiB of CCM and 192 KiB of SRAM (DS9405, 3 and 6.3.14).</summary>
    public static Part Stm32F429() => Stm32F4(
        "STM32F429", sram: 192 * KiB, (4, 16 * KiB), (1, 64 * KiB), (7, 128 * KiB), (4, 16 * KiB), (1, 64 * KiB), (7, 128 * KiB));

    /// <summary>STM32F411xE: 512 KiB, 128 KiB of SRAM, no CCM; times as of the F405 (DS10314, 3.6 and 6.3.12).</summary>
    public static Part Stm32F411() => Stm32F4("STM32F411", sram: 128 * KiB, (4, 16 * KiB), (1, 64 * KiB), (3, 128 * KiB)) with
    {
        Rams = [new(0x2000_0000, 0x2002_0000)],
    };

    /// <summary>STM32F401xC: 256 KiB, 64 KiB of SRAM, no CCM; times as of the F405 (DS9716, 3.6 and 6.3.12).</summary>
    public static Part Stm32F401() => Stm32F4("STM32F401", sram: 64 * KiB, (4, 16 * KiB), (1, 64 * KiB), (1, 128 * KiB)) with
    {
        Rams = [new(0x2000_0000, 0x2001_0000)],
    };

    private static Part Stm32F4(string name, int sram, params (int Count, int Size)[] sectors) => new(
        name,
        Layout(FlashBase, sectors),
        OfF4(width: 4, 250, 550, 1000),
        ProgramRule.ClearsBits)
    {
        Narrower = [OfF4(width: 1, 400, 1200, 2000), OfF4(width: 2, 300, 700, 1300)],
        Rams = [new(0x1000_0000, 0x1001_0000), new(0x2000_0000, 0x2000_0000 + (uint)sram)],
    };

    // DS8626, table 40: one access takes 16 us, at most 100, whatever its width; sectors of 16, 64 and 128 KiB, at most twice as long.
    private static FlashTimes OfF4(int width, double of16, double of64, double of128) => new(
        width,
        FlashTime.Milliseconds(0.016, 0.1),
        size => FlashTime.Milliseconds(size switch { <= 0x4000 => of16, <= 0x1_0000 => of64, _ => of128 }));

    /// <summary>
    /// STM32F745/746 with 1 MiB (DS10916, flash memory characteristics: one access as on the F405; longest times as there). RAM: 16 KiB of
    /// ITCM, and 320 KiB from the DTCM on (RM0385, 2.3).
    /// </summary>
    public static Part Stm32F745() => new(
        "STM32F745",
        Layout(FlashBase, (4, 32 * KiB), (1, 128 * KiB), (3, 256 * KiB)),
        OfF7(width: 4, (200, 500), (500, 1100), (1000, 2000)),
        ProgramRule.ClearsBits)
    {
        Narrower = [OfF7(width: 1, (400, 800), (1100, 2400), (2100, 4000)), OfF7(width: 2, (250, 600), (800, 1400), (1500, 2600))],
        Rams = [new(0x0000_0000, 0x0000_4000), new(0x2000_0000, 0x2005_0000)],
    };

    private static FlashTimes OfF7(int width, (double, double) of32, (double, double) of128, (double, double) of256) => new(
        width,
        FlashTime.Milliseconds(0.016, 0.1),
        size => size switch { <= 0x8000 => FlashTime.Milliseconds(of32.Item1, of32.Item2), <= 0x2_0000 => FlashTime.Milliseconds(of128.Item1, of128.Item2), _ => FlashTime.Milliseconds(of256.Item1, of256.Item2) });

    /// <summary>
    /// STM32H743/747 with 2 MiB in two banks; times at x64 parallelism (DS12110, flash memory characteristics). RAM (RM0433
    /// and RM0399, 2.3): ITCM, SRAM1 to 3 as a second core sees them, DTCM, AXI SRAM, SRAM1 to 3, SRAM4.
    /// </summary>
    public static Part Stm32H743() => new(
        "STM32H743",
        Layout(FlashBase, (16, 128 * KiB)),
        new FlashTimes(32, FlashTime.Milliseconds(0.1), _ => FlashTime.Milliseconds(1100)),
        ProgramRule.BreaksEcc)
    {
        HasEcc = true,
        Rams =
        [
            new(0x0000_0000, 0x0001_0000), new(0x1000_0000, 0x1004_8000), new(0x2000_0000, 0x2002_0000),
            new(0x2400_0000, 0x2408_0000), new(0x3000_0000, 0x3004_8000), new(0x3800_0000, 0x3801_0000),
        ],
    };

    /// <summary>
    /// STM32L496 with 1 MiB in two banks (DS11585, flash memory characteristics). RAM: 256 KiB of SRAM1; 64 KiB of SRAM2,
    /// which can be reached at 0x10000000 too (RM0351, 2.2).
    /// </summary>
    public static Part Stm32L496() => new(
        "STM32L496",
        Layout(FlashBase, (512, 2 * KiB)),
        new FlashTimes(8, FlashTime.Milliseconds(0.08169, 0.09076), _ => FlashTime.Milliseconds(22, 24.47)),
        ProgramRule.ErasedOrZero)
    {
        HasEcc = true,
        Rams = [new(0x1000_0000, 0x1001_0000), new(0x2000_0000, 0x2005_0000)],
    };

    /// <summary>
    /// STM32L476 with 1 MiB in two banks; times as of the L496 (DS10198, flash memory characteristics). RAM: 96 KiB of SRAM1, and 32 KiB
    /// of SRAM2 at 0x10000000 alone (RM0351, 2.2).
    /// </summary>
    public static Part Stm32L476() => Stm32L496() with
    {
        Name = "STM32L476",
        Rams = [new(0x1000_0000, 0x1000_8000), new(0x2000_0000, 0x2001_8000)],
    };

    /// <summary>STM32F072xB: 128 KiB in pages of 2 KiB, 16 KiB of RAM; 20 to 40 ms to erase, 53.5 us a half-word (DS9826, flash memory characteristics).</summary>
    public static Part Stm32F072() => Stm32F1("STM32F072", size: 128, page: 2 * KiB, ram: 16 * KiB);

    /// <summary>
    /// STM32L083xZ: 192 KiB in pages of 128 bytes, 20 KiB of RAM. It erases to 0 (RM0367, 3.3). 3.2 ms to erase a page or to program half
    /// of one, which is what a ROM is taken to do (DS10690, flash memory characteristics).
    /// </summary>
    public static Part Stm32L083() => new(
        "STM32L083",
        Layout(FlashBase, (1536, 128)),
        new FlashTimes(4, FlashTime.Milliseconds(0.2), _ => FlashTime.Milliseconds(3.2)),
        ProgramRule.ErasedOrZero)
    {
        IsErasedToZero = true,
        Rams = [new(0x2000_0000, 0x2000_5000)],
    };

    /// <summary>STM32G431xB: 128 KiB; times as of the L4 (DS12589, flash memory characteristics: the same technology). 32 KiB of RAM, 10 of them at 0x10000000 too (RM0440, 2.4).</summary>
    public static Part Stm32G431() => WithDoubleWords("STM32G431", 64, new RamRange(0x1000_0000, 0x1000_2800), new RamRange(0x2000_0000, 0x2000_8000));

    /// <summary>STM32G0B1xB: 128 KiB; times as of the L4. 144 KiB of RAM (RM0444, 2.3).</summary>
    public static Part Stm32G0B1() => WithDoubleWords("STM32G0B1", 64, new RamRange(0x2000_0000, 0x2002_4000));

    /// <summary>STM32G0B1xE: 512 KiB in two banks; the rest as <see cref="Stm32G0B1"/>.</summary>
    public static Part Stm32G0B1xE() => WithDoubleWords("STM32G0B1xE", 256, new RamRange(0x2000_0000, 0x2002_4000));

    /// <summary>STM32G071xB: 128 KiB; times as of the L4. 36 KiB of RAM (RM0444, 2.3).</summary>
    public static Part Stm32G071() => WithDoubleWords("STM32G071", 64, new RamRange(0x2000_0000, 0x2000_9000));

    /// <summary>STM32H563xI: 2 MiB in sectors of 8 KiB, quad words with an ECC; 640 KiB of RAM (RM0481, 2.3 and 7.3). Times: 11 sectors in 0.32 s (chcbaram/stm32h563-core).</summary>
    public static Part Stm32H563() => WithQuadWords("STM32H563", 256, new RamRange(0x2000_0000, 0x200A_0000));

    /// <summary>STM32C562: 512 KiB in sectors of 8 KiB (betaflight-configurator pull request 5300); the rest is taken to be as on the H563, with 128 KiB of RAM (INF).</summary>
    public static Part Stm32C562() => WithQuadWords("STM32C562", 64, new RamRange(0x2000_0000, 0x2002_0000));

    /// <summary>CH32F103, a clone of the STM32F103 that programs a half-word "much slower" (devanlai/dapboot pull request 58): here twenty times (INF).</summary>
    public static Part Ch32F103()
    {
        var original = Stm32F103(128);
        return original with { Name = "CH32F103", Times = original.Times with { Program = FlashTime.Milliseconds(20 * original.Times.Program.Typical.TotalMilliseconds) } };
    }

    /// <summary>GD32VF103xB: 128 KiB in pages of 1 KiB, 32 KiB of RAM (its User Manual, 2.3); the times of the STM32F103 (INF).</summary>
    public static Part Gd32Vf103() => Stm32F1("GD32VF103", size: 128, page: 1 * KiB, ram: 32 * KiB);

    /// <summary>
    /// APM32F103xB: 128 KiB, 20 KiB of RAM (its data sheet). An erase through its ROM takes 2 KiB, as the map says (INF: dfu-util erases page by page
    /// of the map, and a keyboard's firmware runs afterwards); the times of the STM32F103 (INF).
    /// </summary>
    public static Part Apm32F103() => Stm32F1("APM32F103", size: 128, page: 2 * KiB, ram: 20 * KiB);

    /// <summary>AT32F415xB: 128 KiB in pages of 1 KiB, 32 KiB of RAM (its Reference Manual); the times of the STM32F103 (INF).</summary>
    public static Part At32F415() => Stm32F1("AT32F415", size: 128, page: 1 * KiB, ram: 32 * KiB);

    /// <summary>AT32F437xM: 4,032 KiB in pages of 4 KiB, 384 KiB of RAM by default (its Reference Manual); the times of the STM32F103 (INF).</summary>
    public static Part At32F437() => Stm32F1("AT32F437", size: 4032, page: 4 * KiB, ram: 384 * KiB);

    private static Part WithDoubleWords(string name, int pages, params RamRange[] rams) => Stm32L496() with
    {
        Name = name,
        Sectors = Layout(FlashBase, (pages, 2 * KiB)),
        Rams = rams,
    };

    private static Part WithQuadWords(string name, int sectors, params RamRange[] rams) => new(
        name,
        Layout(FlashBase, (sectors, 8 * KiB)),
        new FlashTimes(16, FlashTime.Milliseconds(0.04), _ => FlashTime.Milliseconds(29)),
        ProgramRule.ErasedOrZero)
    {
        HasEcc = true,
        Rams = rams,
    };

    /// <summary>M25P64: 8 MiB on SPI; page program 1.4 ms, sector erase 1 s typical (its data sheet, AC characteristics).</summary>
    public static Part M25P64() => new(
        "M25P64",
        Layout(0, (128, 64 * KiB)),
        new FlashTimes(256, FlashTime.Milliseconds(1.4, 5), _ => FlashTime.Milliseconds(1000, 3000)),
        ProgramRule.ClearsBits);

    /// <summary>MX25L12833F: 16 MiB on a QSPI, which the STM32H7 maps to 0x90000000; typical times of such chips (INF).</summary>
    public static Part Mx25L12833F() => new(
        "MX25L12833F",
        Layout(0x9000_0000, (4096, 4 * KiB)),
        new FlashTimes(256, FlashTime.Milliseconds(0.25), _ => FlashTime.Milliseconds(25)),
        ProgramRule.ClearsBits);

    // Times: DS5319 and DS5792, flash memory characteristics; page sizes: PM0075.
    private static Part Stm32F1(string name, int size, int page, int ram) => new(
        name,
        Layout(FlashBase, (size * KiB / page, page)),
        new FlashTimes(2, FlashTime.Milliseconds(0.0525, 0.07), _ => FlashTime.Milliseconds(20, 40)),
        ProgramRule.ErasedOrZero)
    {
        Rams = [new(0x2000_0000, 0x2000_0000 + (uint)ram)],
    };

    private static List<FlashSector> Layout(uint address, params (int Count, int Size)[] groups)
    {
        var sectors = new List<FlashSector>();
        foreach (var (count, size) in groups)
        {
            for (var i = 0; i < count; i++)
            {
                sectors.Add(new FlashSector(address, (uint)size));
                address += (uint)size;
            }
        }

        return sectors;
    }
}
