using UploadHelper.VirtualBoard.Bootloaders;
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
        new F4RomBoard(),
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
        var flash = personality.CreateFlash();
        if (options.FlashFile is { } file && File.Exists(file))
        {
            var saved = File.ReadAllBytes(file);
            if (saved.Length != flash.Bytes.Length)
            {
                throw new FormatException($"{file} has {saved.Length} bytes, but the flash of {options.Board} has {flash.Bytes.Length}.");
            }

            flash.Preload(flash.Base, saved);
        }
        else if (options.Start != StartState.Empty)
        {
            flash.Preload(personality.SketchAddress, SketchInFlash.Synthesize(personality.SketchAddress, "old"));
        }

        return new Board(personality, flash, options, events);
    }
}
