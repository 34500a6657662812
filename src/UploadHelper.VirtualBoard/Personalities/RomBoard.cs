using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Flash;
using UploadHelper.VirtualBoard.Usb;

namespace UploadHelper.VirtualBoard.Personalities;

/// <summary>A microcontroller with nothing but the bootloader in its ROM.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Part">Its flash.</param>
/// <param name="StackPointer">The end of its RAM.</param>
/// <param name="CreateRom">Starts the bootloader.</param>
internal sealed record RomBoard(string Name, FlashPart Part, uint StackPointer, Func<IBoardCore, SystemBootloader> CreateRom) : IPersonality
{
    public string DefaultSketch => "stm32generic";

    public uint SketchAddress => 0x0800_0000;

    public IReadOnlyDictionary<string, IPersonality> Variants { get; init; } = new Dictionary<string, IPersonality>();

    /// <summary>An STM32F405/407.</summary>
    public static RomBoard F4 { get; } = new("f4rom", FlashPart.Stm32F405(), 0x2002_0000, board => new F4Rom(board));

    /// <summary>An STM32H747, and its older ROMs.</summary>
    public static RomBoard H7 { get; } = WithVersion(H7Rom.Version.V92) with
    {
        Variants = new Dictionary<string, IPersonality>
        {
            ["rom=9.0"] = WithVersion(H7Rom.Version.V90),
            ["rom=9.1"] = WithVersion(H7Rom.Version.V91),
            ["rom=9.2"] = WithVersion(H7Rom.Version.V92),
        },
    };

    /// <summary>An STM32L496.</summary>
    public static RomBoard L4 { get; } = new("l496", FlashPart.Stm32L496(), 0x2005_0000, board => new L4Rom(board));

    public FlashMemory CreateFlash() => new(Part);

    // BOOT0, or a sketch that jumps to system memory when it gets the magic.
    public UsbFunction? Boot(IBoardCore board, BootCause cause) =>
        cause is BootCause.Power or BootCause.ResetButton ? null : CreateRom(board);

    private static RomBoard WithVersion(H7Rom.Version version) =>
        new("h747", FlashPart.Stm32H743(), 0x2002_0000, board => new H7Rom(board, version));
}
