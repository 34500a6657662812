using UploadHelper.Core.Chips;

namespace UploadHelper.Core.Bootloaders;

/// <summary>What is known of one kind of bootloader beyond what it says of itself.</summary>
/// <param name="Name">Its name for people.</param>
/// <param name="Source">Where this is known from.</param>
public sealed record BootloaderInfo(string Name, string Source)
{
    /// <summary>How long it stays in DFU mode after it was asked to leave.</summary>
    public TimeSpan StartsSketchAfter { get; init; }

    /// <summary>How long it waits for a host after any other reset, before it starts the sketch; at least <see cref="StartsSketchAfter"/>.</summary>
    public TimeSpan BootWindow
    {
        get => field > StartsSketchAfter ? field : StartsSketchAfter;
        init;
    }

    /// <summary>
    /// The evidence that it takes a GETSTATUS at any time and answers it when the operation is over, whatever time-out it
    /// reports; null where there is none.
    /// </summary>
    public string? PollsEarly { get; init; }

    /// <summary>
    /// Whether it starts whatever has a plausible stack pointer once its boot window is used up, though a host talks to
    /// it: without a sketch in flash that is the moment the new one's vector table is written.
    /// </summary>
    public bool StartsSketchByItself { get; init; }

    /// <summary>What an erased byte of its flash reads as.</summary>
    public byte ErasedValue { get; init; } = 0xFF;

    /// <summary>Where the internal flash may be written, whatever its map says; null where the map is right.</summary>
    public WritableRange? Writable { get; init; }

    /// <summary>What it takes for a sketch, and starts; null where it starts whatever it is told to.</summary>
    public SketchRule? Sketch { get; init; }

    /// <summary>
    /// Bytes that are programmed at once: writes begin and end at a multiple. 32, the flash word of the H7, is the most that
    /// any STM32 has, and does no harm where it is less.
    /// </summary>
    public int ProgramUnit { get; init; } = 32;

    /// <summary>
    /// Size in bytes of what is written last: the initial stack pointer, by which bootloaders know a sketch, and what the
    /// flash programs together with it. If the power fails meanwhile there is no more than that to be cut in two. 32, the flash
    /// word of the H7, where the part is not known.
    /// </summary>
    public int LastWrite { get; init; } = 32;

    /// <summary>
    /// Whether the page at the flash base holds the bootloader's own stack pointer and reset vector. The device swaps
    /// them with the sketch's while it writes that page, and puts the sketch's into two words that must be 0 in the image.
    /// </summary>
    public bool SharesVectorPage { get; init; }

    /// <summary>
    /// Whether it stays in DFU mode for ever once a host has talked to it: a board that is refused must be made to leave.
    /// </summary>
    public bool StaysOnceAsked { get; init; }

    /// <summary>
    /// Whether the first block cannot be written again alone, because that erases what stands behind it. All is written in one
    /// go then, the vector table first.
    /// </summary>
    public bool WritesInOneGo { get; init; }

    /// <summary>
    /// Whether it hangs when it reads a word that was cut short while it was programmed: its ECC fits no more (RM0433, 4.3.9).
    /// </summary>
    public bool HangsOnCutWords { get; init; }

    /// <summary>What to do if the sketch does not start, where more is known of it than that RESET helps; or null.</summary>
    public string? NotStarted { get; init; }

    /// <summary>How long it takes to erase.</summary>
    public EraseTimes Erase { get; init; } = new();

    /// <summary>A second place where it looks for a sketch, if there is none in the first; null if there is no such place.</summary>
    public uint? AlsoStarts { get; init; }

    /// <summary>What the user must know before anything is written, since no host can help it.</summary>
    public DeviceLimit? Limit { get; init; }
}

/// <summary>How long a device takes to erase a sector.</summary>
public sealed record EraseTimes
{
    /// <summary>How long it takes at the least, where the device asks for less time than it needs.</summary>
    public TimeSpan AtLeast { get; init; }

    /// <summary>
    /// When it hangs. By default that is far above what a part needs; a device that is known to stay busy though it is done
    /// gets less.
    /// </summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(40);
}

/// <summary>The part of the internal flash that may be written.</summary>
/// <param name="Start">Its first address.</param>
/// <param name="End">Address behind it.</param>
/// <param name="Before">What is wrong with a sector before it: "it ...".</param>
/// <param name="Behind">What is wrong with a sector behind it: "it ...".</param>
public sealed record WritableRange(uint Start, long End, string Before, string Behind)
{
    /// <summary>Why a sector may not be erased: "it ..."; null if it may.</summary>
    public string? WhyNot(Sector sector) =>
        !FlashAddress.IsInternalFlash(sector.Address) ? null
        : sector.Address < Start ? Before
        : sector.End > End ? Behind
        : null;
}

/// <summary>How a bootloader tells a sketch from empty flash.</summary>
/// <param name="Address">Where it looks; null where that is wherever a sketch may be put.</param>
/// <param name="Stack">By which initial stack pointer.</param>
public sealed record SketchRule(uint? Address, StackRule Stack)
{
    /// <summary>Whether a program anywhere else is never started: nothing on these boards starts a second one.</summary>
    public bool StartsNothingElse { get; init; }
}

/// <summary>Something that a device makes impossible.</summary>
/// <param name="Message">What.</param>
/// <param name="Hint">What the user can do about it.</param>
public sealed record DeviceLimit(string Message, string Hint)
{
    /// <summary>
    /// What is left open when an upload ends while the block with the vector table is written (or the page that the
    /// bootloader shares with the sketch is rewritten): "But if the power failed meanwhile, ..."; null if nothing is.
    /// </summary>
    public string? PowerLost { get; init; }
}

/// <summary>By which initial stack pointers a bootloader tells a sketch from empty flash.</summary>
/// <param name="Accepts">Whether it takes one.</param>
/// <param name="Text">Which it takes, for people.</param>
public sealed record StackRule(Func<uint, bool> Accepts, string Text)
{
    /// <summary>victorpv/F4Bootloader at bcf6ae4, main.c, userAppExists().</summary>
    public static readonly StackRule F4Bootloader = new(
        stack => (stack & 0xFFFC_0000) is 0x2000_0000 or 0x1000_0000,
        "0x20000000 to 0x2003FFFF and 0x10000000 to 0x1003FFFF");

    /// <summary>victorpv/F4Bootloader at 54c6ba5, main.c.</summary>
    public static readonly StackRule OldF4Bootloader = new(
        stack => (stack & 0xFFFD_0FFF) == 0x2000_0000,
        "0x20000000 to 0x2000F000 and 0x20020000 to 0x2002F000, in steps of 4 KiB");

    /// <summary>h0wch33/stm32f1_dfu, main.c, main().</summary>
    public static readonly StackRule H0wch33 = new(
        stack => stack is >= 0x2000_0000 and <= 0x2001_8000,
        "0x20000000 to 0x20018000, the end of 96 KiB of RAM");

    /// <summary>leaflabs/maple-bootloader and rogerclarkmelbourne/STM32duino-bootloader, hardware.c, checkUserCode().</summary>
    public static readonly StackRule Maple = new(
        stack => (stack & 0x2FFE_0000) == 0x2000_0000,
        "0x20000000 to 0x2001FFFF");

    /// <summary>gbulmer/openstm32sw, stm32f4/maple-bootloader hardware.c, checkUserCode().</summary>
    public static readonly StackRule MapleF4 = new(
        stack => (stack & 0xFFFE_7FFF) == 0x2000_0000,
        "0x20000000 to 0x20018000, in steps of 32 KiB");

    /// <summary>cyberwasp/dso-nano-dfu, main.c.</summary>
    public static readonly StackRule DsoNano = new(
        stack => (stack & 0x2FFF_0000) == 0x2000_0000,
        "0x20000000 to 0x2000FFFF");
}
