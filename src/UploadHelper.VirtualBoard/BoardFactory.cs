using UploadHelper.VirtualBoard.Bootloaders;
using UploadHelper.VirtualBoard.Flash;
using UploadHelper.VirtualBoard.Personalities;
using UploadHelper.VirtualBoard.Sketches;

namespace UploadHelper.VirtualBoard;

/// <summary>Makes virtual boards by the names of their kinds.</summary>
public sealed class BoardFactory
{
    private static readonly IReadOnlyList<IPersonality> Kinds =
    [
        new F4BootloaderBoard("f4boot", F4Bootloader.Build.Fixed),
        new F4BootloaderBoard("f4boot-old", F4Bootloader.Build.Old),
        RomBoard.F4,
        new H0wch33Board(),
        new DsoNanoBoard(),
        RomBoard.H7,
        RomBoard.L4,
        new MapleBoard("maple20", MapleBuild.Stm32duino(1024), FlashPart.Stm32F103(128, 1024))
        {
            Variants = new Dictionary<string, IPersonality>
            {
                ["size=512"] = new MapleBoard("maple20", MapleBuild.Stm32duino(2048), FlashPart.Stm32F103(512, 2048)),
            },
        },
        new MapleBoard("maple-orig", MapleBuild.LeafLabs(), FlashPart.Stm32F103(128, 1024)),
        new MapleBoard("maple-f4", MapleBuild.F4Port(), FlashPart.Stm32F405()) { DefaultSketch = "libmaple-f4", StackPointer = 0x2001_0000 },
    ];

    /// <summary>The names of all kinds.</summary>
    public static IEnumerable<string> Names => Kinds.Select(p => p.Name);

    /// <summary>The options that ask for a variant of a kind.</summary>
    public static IEnumerable<string> Variants(string name) => Kinds.Single(p => p.Name == name).Variants.Keys;

    /// <summary>Makes a board.</summary>
    /// <param name="options">Which, and how it starts.</param>
    /// <param name="events">Told what it sees.</param>
    /// <exception cref="FormatException">The flash file is not as large as the board's flash.</exception>
    /// <exception cref="IOException">The flash file cannot be read.</exception>
    public Board Create(SimulationOptions options, Action<BoardEvent> events)
    {
        var personality = Kinds.Single(p => p.Name == options.Board);
        personality = options.Variant is { } variant ? personality.Variants[variant] : personality;
        if (options.Boot0 && !personality.HasUsbRom)
        {
            throw new FormatException($"The ROM of {options.Board} has no USB: with boot0=1 nothing would come onto the bus.");
        }

        var flash = personality.CreateFlash();
        var spiFlash = personality.CreateSpiFlash();
        if (!Load(options.FlashFile, flash, $"the flash of {options.Board}") && options.Start != StartState.Empty)
        {
            personality.Install(flash, SketchInFlash.Synthesize(personality.SketchAddress, personality.StackPointer, "old"));
        }

        Load(options.SpiFile, spiFlash, $"the SPI flash of {options.Board}");
        return new Board(personality, flash, spiFlash, options, events);
    }

    private static bool Load(string? file, FlashMemory? flash, string name)
    {
        if (file is null || !File.Exists(file))
        {
            return false;
        }

        var saved = File.ReadAllBytes(file);
        if (saved.Length != (flash?.Bytes.Length ?? 0))
        {
            throw new FormatException($"{file} has {saved.Length} bytes, but {name} has {flash?.Bytes.Length ?? 0}.");
        }

        flash?.Preload(flash.Base, saved);
        return true;
    }
}
