using UploadHelper.VirtualBoard.Hardware;
using UploadHelper.VirtualBoard.Sketches;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Bootloaders;

/// <summary>A microcontroller with nothing but the bootloader in its ROM, which every reset by software starts.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Part">Its flash.</param>
/// <param name="StackPointer">The end of its RAM.</param>
/// <param name="CreateRom">Starts the bootloader.</param>
internal sealed record RomBoard(string Name, Part Part, uint StackPointer, Func<IMicrocontroller, SystemBootloader> CreateRom) : IBoardKind
{
    public string DefaultSketch { get; init; } = "stm32generic";

    public uint SketchAddress => 0x0800_0000;

    public IReadOnlyDictionary<string, IBoardKind> Variants { get; init; } = new Dictionary<string, IBoardKind>();

    public UartRomChip? Uart { get; init; }

    /// <summary>Whether its processor is a RISC-V: a sketch begins with its first instruction.</summary>
    public bool IsRiscV { get; init; }

    /// <summary>An STM32F405/407.</summary>
    public static RomBoard F4 { get; } = new("f4rom", Part.Stm32F405(), 0x2002_0000, board => new F4Rom(board))
    {
        Variants = new Dictionary<string, IBoardKind>
        {
            ["map=long"] = new RomBoard("f4rom", Part.Stm32F405(), 0x2002_0000, board => new F4Rom(board, F4Rom.TooLong)),
        },
    };

    /// <summary>An STM32F745.</summary>
    public static RomBoard F7 { get; } = new("f7rom", Part.Stm32F745(), 0x2005_0000, board => new F4Rom(board, F4RomChip.Stm32F745));

    /// <summary>An STM32H747, its older ROMs, and Arduino's board with this chip.</summary>
    public static RomBoard H7 { get; } = WithVersion(H7Rom.Version.V92) with
    {
        Variants = new Dictionary<string, IBoardKind>
        {
            ["rom=9.0"] = WithVersion(H7Rom.Version.V90),
            ["rom=9.1"] = WithVersion(H7Rom.Version.V91),
            ["rom=9.2"] = WithVersion(H7Rom.Version.V92),
            ["boot=arduino"] = new PortentaBoard(),
        },
    };

    /// <summary>An STM32L496.</summary>
    public static RomBoard L4 { get; } = new("l496", Part.Stm32L496(), 0x2005_0000, board => new L4Rom(board));

    /// <summary>An STM32F072, an STM32L083, whose flash erases to 0, and an APM32F103, which is built after the STM32F103 and has USB in its ROM.</summary>
    public static RomBoard F0 { get; } = Of("f072-rom", Part.Stm32F072(), 0x2000_4000, RomChip.Stm32F072) with
    {
        Variants = new Dictionary<string, IBoardKind>
        {
            ["chip=l083"] = Of("f072-rom", Part.Stm32L083(), 0x2000_5000, RomChip.Stm32L083) with { Uart = UartRomChip.Stm32L083 },
            ["chip=apm32"] = Of("f072-rom", Part.Apm32F103(), 0x2000_5000, RomChip.Apm32F103),
        },
    };

    /// <summary>Chips whose ROM is built on ST's middleware: an STM32G431 and others.</summary>
    public static RomBoard G4 { get; } = Of("g431-rom", Part.Stm32G431(), 0x2000_8000, RomChip.Stm32G431) with
    {
        Variants = new Dictionary<string, IBoardKind>
        {
            ["chip=g0b1"] = Of("g431-rom", Part.Stm32G0B1(), 0x2002_4000, RomChip.Stm32G0B1),
            ["chip=g0b1xe"] = G0B1xE(UartRomChip.Stm32G0B1),
            ["banks=swapped"] = G0B1xE(UartRomChip.Stm32G0B1Swapped),
            ["chip=h563"] = Of("g431-rom", Part.Stm32H563(), 0x200A_0000, RomChip.Stm32H563),
            ["chip=c562"] = Of("g431-rom", Part.Stm32C562(), 0x2002_0000, RomChip.Stm32C562),
        },
    };

    /// <summary>A GD32VF103CB with the newer of its ROMs, and with the older one.</summary>
    public static RomBoard Gd32 { get; } = OfGd32(RomChip.Gd32Vf103) with
    {
        Variants = new Dictionary<string, IBoardKind> { ["rom=0100"] = OfGd32(RomChip.Gd32Vf103Old) },
    };

    /// <summary>An AT32F415, and an AT32F437 whose map calls the first 32 KiB read-only.</summary>
    public static RomBoard At32 { get; } = Of("at32f415", Part.At32F415(), 0x2000_8000, RomChip.At32F415) with
    {
        Variants = new Dictionary<string, IBoardKind> { ["chip=f437"] = Of("at32f415", Part.At32F437(), 0x2006_0000, RomChip.At32F437) },
    };

    public FlashMemory CreateFlash() => new(Part);

    public void Install(FlashMemory flash, byte[] sketch) => flash.Preload(SketchAddress, IsRiscV ? SketchInFlash.SynthesizeCode("old") : sketch);

    public SketchInFlash ReadSketch(FlashMemory flash, uint address) =>
        IsRiscV ? SketchInFlash.ReadCode(flash, address) : SketchInFlash.Read(flash, address);

    // With BOOT0, or from any sketch that resets the chip: what its start-up code does is not modelled here.
    public UsbFunction? Boot(IMicrocontroller board, BootCause cause) =>
        cause is BootCause.Power or BootCause.ResetButton ? null : CreateRom(board);

    private static RomBoard WithVersion(H7Rom.Version version) =>
        new("h747", Part.Stm32H743(), 0x2002_0000, board => new H7Rom(board, version));

    private static RomBoard Of(string name, Part part, uint stackPointer, RomChip chip) => new(name, part, stackPointer, board => new ChipRom(board, chip));

    private static RomBoard G0B1xE(UartRomChip uart) => Of("g431-rom", Part.Stm32G0B1xE(), 0x2002_4000, RomChip.Stm32G0B1xE) with { Uart = uart };

    private static RomBoard OfGd32(RomChip chip) =>
        Of("gd32vf103", Part.Gd32Vf103(), 0x2000_8000, chip) with { IsRiscV = true, DefaultSketch = SketchCore.None };
}

/// <summary>
/// A board as users buy it, with nothing but the bootloader in its ROM. Only two things start that: BOOT0, and start-up code of the
/// sketch that finds the request which the sketch left in RAM before it reset the chip.
/// </summary>
/// <param name="Name">Its name.</param>
/// <param name="Part">Its flash.</param>
/// <param name="StackPointer">The end of its RAM.</param>
/// <param name="CreateRom">Starts the bootloader.</param>
internal sealed record ModuleBoard(string Name, Part Part, uint StackPointer, Func<IMicrocontroller, SystemBootloader> CreateRom) : IBoardKind
{
    public string DefaultSketch => "rom-magic";

    public uint SketchAddress => 0x0800_0000;

    /// <summary>Whether the RAM is spoilt between the reset and the start-up code, so that the request is not found.</summary>
    public bool LosesRequest { get; init; }

    /// <summary>
    /// Whether PA10 floats. It is the receiver of USART1, and the ROM takes noise there for the first byte of a serial upload: then it
    /// does not start USB (stm32duino forum, "DFU bootloader has errors on new BlackPill F411"; mcauser/MCUDEV_DEVEBOX_F407VET6 issue 2).
    /// </summary>
    public bool HasFloatingPin { get; init; }

    public bool RomStartsUsb => !HasFloatingPin;

    public UartRomChip? Uart { get; init; }

    /// <summary>Its crystal, as a ROM finds it that measures it; null if every measurement succeeds.</summary>
    public Crystal? Crystal { get; init; }

    /// <summary>Whether the ROM can start USB only with the crystal: so it is with an F4 (AN2606).</summary>
    public bool MeasuresCrystal { get; init; } = true;

    // A crystal remembers how often it was measured, so each board that asks for one gets one of its own.
    public IReadOnlyDictionary<string, IBoardKind> Variants
    {
        get
        {
            var variants = new Dictionary<string, IBoardKind>
            {
                ["magic=wrong"] = this with { LosesRequest = true },
                ["pa10=floating"] = this with { HasFloatingPin = true },
            };
            if (MeasuresCrystal)
            {
                variants["hse=unreliable"] = this with { Crystal = new Crystal(Crystal.Unreliable) };
                variants["hse=missing"] = this with { Crystal = new Crystal(Crystal.Missing) };
            }

            return variants;
        }
    }

    /// <summary>A Black Pill with an STM32F411CE.</summary>
    public static ModuleBoard BlackPillF411 { get; } = new("blackpill-f411", Part.Stm32F411(), 0x2002_0000, board => new F4Rom(board, F4RomChip.Stm32F411));

    /// <summary>A Black Pill with an STM32F401CC.</summary>
    public static ModuleBoard BlackPillF401 { get; } = new("blackpill-f401", Part.Stm32F401(), 0x2001_0000, board => new F4Rom(board, F4RomChip.Stm32F401));

    /// <summary>A module with an STM32F407VE or VG.</summary>
    public static ModuleBoard F407 { get; } = new("f407-rom", Part.Stm32F405(), 0x2002_0000, board => new F4Rom(board)) { Uart = UartRomChip.Stm32F405 };

    /// <summary>A board with an STM32L476RG; its ROM is taken to be as that of the L496 (INF).</summary>
    public static ModuleBoard L476 { get; } = new("l476-rom", Part.Stm32L476(), 0x2001_8000, board => new L4Rom(board))
    {
        MeasuresCrystal = false,
        Uart = UartRomChip.Stm32L476,
    };

    public FlashMemory CreateFlash() => new(Part);

    public UsbFunction? Boot(IMicrocontroller board, BootCause cause)
    {
        if (cause == BootCause.RomRequest && LosesRequest)
        {
            board.Log(BoardEventKind.Start, "the start-up code finds a wrong magic word, and goes on to the sketch");
        }

        if (cause is not (BootCause.Boot0 or BootCause.ByHand) && (cause != BootCause.RomRequest || LosesRequest))
        {
            Crystal?.Forget();
            return null;
        }

        if (Crystal?.Measure(cause) is { } next)
        {
            board.Log(BoardEventKind.Start, "the ROM cannot measure the crystal, and resets the chip");
            board.Reset("by the ROM", next);
            return null;
        }

        return CreateRom(board);
    }
}

/// <summary>A microcontroller whose ROM has no USB, and nothing else that could take a sketch: only a serial adapter can.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Part">Its flash.</param>
/// <param name="StackPointer">The end of its RAM.</param>
/// <param name="Rom">The bootloader in its ROM.</param>
internal sealed record BareBoard(string Name, Part Part, uint StackPointer, UartRomChip Rom) : IBoardKind
{
    public string DefaultSketch => SketchCore.None;

    public uint SketchAddress => 0x0800_0000;

    public bool HasUsbRom => false;

    public UartRomChip? Uart => Rom;

    /// <summary>A Blue Pill as it is sold: an STM32F103 with nothing in its flash.</summary>
    public static BareBoard BluePill { get; } = new("bluepill", Part.Stm32F103(128), 0x2000_5000, UartRomChip.Stm32F103);

    /// <summary>A Nucleo board with an STM32G071RB, whose serial adapter is its ST-Link.</summary>
    public static BareBoard NucleoG071 { get; } = new("nucleo-g071", Part.Stm32G071(), 0x2000_9000, UartRomChip.Stm32G071);

    public FlashMemory CreateFlash() => new(Part);

    public TimeSpan BootTime(FlashMemory flash, BootCause cause) => Rom.StartTime;

    public UsbFunction? Boot(IMicrocontroller board, BootCause cause) => null;
}

/// <summary>
/// A crystal, as the ROM of an STM32F4 finds it: the ROM measures it before it starts USB, and resets the chip if that fails (AN2606). Of
/// 12 single jumps into the ROM of an STM32F405 with 12 MHz, 5 reached DFU mode (adafruit/circuitpython pull request 11270; Arduino_Core_STM32
/// pull request 3063). How long the ROM tries is taken to be in the time of a reset (INF; AN2606 gives an F405 0.8 to 96 ms).
/// </summary>
/// <param name="outcomes">The outcomes of its measurements, again and again: '+' or '-'.</param>
internal sealed class Crystal(string outcomes)
{
    /// <summary>5 of 12 measurements succeed.</summary>
    public const string Unreliable = "--+-+--+-+-+";

    /// <summary>None does: there is no crystal, or one that the ROM does not know.</summary>
    public const string Missing = "-";

    // How often start-up code enters the ROM on one request: arduino/libraries/OneClickDfu, and pull request 3063.
    private const int AttemptsOnRequest = 16;

    // A finger holds BOOT0 for a second or so.
    private const int AttemptsByHand = 3;

    private int _measurements;
    private int _misses;

    /// <summary>The ROM measures it.</summary>
    /// <param name="cause">Why the ROM runs.</param>
    /// <returns>What the chip finds after the ROM has reset it; null if the ROM goes on to USB.</returns>
    public BootCause? Measure(BootCause cause)
    {
        if (outcomes[_measurements++ % outcomes.Length] == '+')
        {
            Forget();
            return null;
        }

        if (++_misses < (cause == BootCause.RomRequest ? AttemptsOnRequest : AttemptsByHand))
        {
            return cause;
        }

        Forget();
        return BootCause.Software;
    }

    /// <summary>Nothing asks for the ROM any more.</summary>
    public void Forget() => _misses = 0;
}
