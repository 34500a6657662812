using UploadHelper.Core.Chips;

namespace UploadHelper.Core.Bootloaders;

/// <summary>
/// Everything that is known about one bootloader beyond what its descriptors say. Each is an entry of
/// <see cref="BootloaderCatalogue"/>, and this record is the only place where a fact about a bootloader is written down.
/// </summary>
/// <param name="Name">Its name for people.</param>
/// <param name="Source">Where the facts come from.</param>
public sealed record BootloaderInfo(string Name, string Source)
{
    /// <summary>Recognizes it by its descriptors and the map of its flash. The first entry of the catalogue that matches counts.</summary>
    public Func<DfuDescription, MemoryMap, bool> Matches { get; init; } = (_, _) => false;

    /// <summary>The name that <c>image</c> and the docs use for several entries that differ only in the chip; <see cref="Name"/> if none is given.</summary>
    public string Family
    {
        get => field ?? Name;
        init;
    }

    /// <summary>Where it starts sketches, with the devices that are known to carry it.</summary>
    public IReadOnlyList<SketchPlace> Places { get; init; } = [];

    /// <summary>How long it stays in DFU mode after a request to leave.</summary>
    public TimeSpan StartsSketchAfter { get; init; }

    /// <summary>How long it waits for a host after any other reset before it starts the sketch; at least <see cref="StartsSketchAfter"/>.</summary>
    public TimeSpan BootWindow
    {
        get => field > StartsSketchAfter ? field : StartsSketchAfter;
        init;
    }

    /// <summary>
    /// The evidence that it accepts a GETSTATUS at any time and answers it when the operation is done, whatever
    /// bwPollTimeout it reports; null where there is none.
    /// </summary>
    public string? PollsEarly { get; init; }

    /// <summary>
    /// Whether it starts whatever has a plausible stack pointer once its boot window is over, even while a host talks to
    /// it. Without a sketch in flash that is the moment in which the new vector table is written.
    /// </summary>
    public bool StartsSketchByItself { get; init; }

    /// <summary>What an erased byte of its flash reads as.</summary>
    public byte ErasedValue { get; init; } = 0xFF;

    /// <summary>The part of the internal flash that may be written, whatever its map says; null where the map is right.</summary>
    public WritableRange? Writable { get; init; }

    /// <summary>What it accepts as a sketch, and starts; null where it starts whatever it is told to.</summary>
    public SketchRule? Sketch { get; init; }

    /// <summary>
    /// Bytes that are programmed at once: writes begin and end at a multiple. 32, the flash word of the H7, is the largest of
    /// any STM32 and does no harm where the unit is smaller.
    /// </summary>
    public int ProgramUnit { get; init; } = 32;

    /// <summary>
    /// Size in bytes of the last write: the initial stack pointer, by which bootloaders recognize a sketch, and what the flash
    /// programs together with it. If the power fails meanwhile, no more than that can be cut in two. 32, the flash word of the
    /// H7, where the part is unknown.
    /// </summary>
    public int LastWrite { get; init; } = 32;

    /// <summary>
    /// Whether the page at the flash base holds the bootloader's own stack pointer and reset vector. The device swaps them
    /// with the sketch's when it writes that page, and stores the sketch's in two words that must be 0 in the image.
    /// </summary>
    public bool SharesVectorPage { get; init; }

    /// <summary>Whether it stays in DFU mode forever once a host has talked to it: a board that is refused must be told to leave.</summary>
    public bool StaysOnceAsked { get; init; }

    /// <summary>
    /// Whether the first block cannot be rewritten alone, because that erases what follows it. Everything is written in one
    /// go then, the vector table first.
    /// </summary>
    public bool WritesInOneGo { get; init; }

    /// <summary>Whether it hangs when it reads a word whose programming was cut short: the ECC of that word is wrong (RM0433, 4.3.9).</summary>
    public bool HangsOnCutWords { get; init; }

    /// <summary>What to do if the sketch does not start, where more is known than that RESET helps; or null.</summary>
    public string? NotStarted { get; init; }

    /// <summary>How long it takes to erase.</summary>
    public EraseTimes Erase { get; init; } = new();

    /// <summary>A second address where it looks for a sketch if there is none at the first; null if there is none.</summary>
    public uint? AlsoStarts { get; init; }

    /// <summary>A limit of the device that no host can remove; the user is warned before anything is written.</summary>
    public DeviceLimit? Limit { get; init; }
}

/// <summary>An address where a bootloader starts sketches.</summary>
/// <param name="Options">The upload options for it.</param>
/// <param name="Address">Where the vector table of the sketch must be.</param>
/// <param name="Devices">Devices with this bootloader as their descriptors describe them; <c>image</c> checks a sketch against them.</param>
public sealed record SketchPlace(string Options, uint Address, IReadOnlyList<DfuDescription> Devices)
{
    /// <summary>Which place it is, where the bootloader has several: "64 KiB part"; null if there is only one.</summary>
    public string? Label { get; init; }

    /// <summary>The alternate setting that the options select, or null.</summary>
    public byte? Alternate { get; init; }
}

/// <summary>How long a device takes to erase a sector.</summary>
public sealed record EraseTimes
{
    /// <summary>The shortest time it takes, where the device asks for less than it needs.</summary>
    public TimeSpan AtLeast { get; init; }

    /// <summary>
    /// After this time it hangs. The default is far above what a part needs; a device that is known to stay busy after it
    /// is done gets less.
    /// </summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(40);
}

/// <summary>The part of the internal flash that may be written.</summary>
/// <param name="Start">Its first address.</param>
/// <param name="End">The address after its last byte.</param>
/// <param name="Before">What is wrong with a sector below it: "it ...".</param>
/// <param name="Behind">What is wrong with a sector above it: "it ...".</param>
public sealed record WritableRange(uint Start, long End, string Before, string Behind)
{
    /// <summary>Why a sector must not be erased: "it ..."; null if it may be.</summary>
    public string? WhyNot(Sector sector) =>
        !FlashAddress.IsInternalFlash(sector.Address) ? null
        : sector.Address < Start ? Before
        : sector.End > End ? Behind
        : null;
}

/// <summary>How a bootloader tells a sketch from empty flash.</summary>
/// <param name="Address">Where it looks; null where that is any place that takes sketches.</param>
/// <param name="Accepts">Which initial stack pointers it accepts.</param>
/// <param name="StackRange">The accepted stack pointers, for people.</param>
public sealed record SketchRule(uint? Address, Func<uint, bool> Accepts, string StackRange)
{
    /// <summary>Whether a program anywhere else is never started: nothing on these boards starts a second one.</summary>
    public bool StartsNothingElse { get; init; }
}

/// <summary>Something that a device makes impossible.</summary>
/// <param name="Message">What it is.</param>
/// <param name="Hint">What the user can do about it.</param>
public sealed record DeviceLimit(string Message, string Hint)
{
    /// <summary>
    /// What remains unknown when an upload ends while the block with the vector table is written (or the page that the
    /// bootloader shares with the sketch is rewritten): "But if the power failed meanwhile, ..."; null if nothing does.
    /// </summary>
    public string? PowerLost { get; init; }
}
