namespace UploadHelper.Core.Dfu;

/// <summary>What is known of one kind of bootloader beyond what it says of itself.</summary>
/// <param name="Name">Its name for people.</param>
/// <param name="Source">Where this is known from.</param>
public sealed record DfuQuirks(string Name, string Source)
{
    /// <summary>How long it stays in DFU mode after it was asked to leave.</summary>
    public TimeSpan StartsSketchAfter { get; init; }

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

    /// <summary>Address behind the last byte that may be erased, whatever its map says; null where the map is right.</summary>
    public long? WritableEnd { get; init; }

    /// <summary>
    /// Whether the page at the flash base holds the bootloader's own stack pointer and reset vector. The device swaps
    /// them with the sketch's while it writes that page, and puts the sketch's into two words that must be 0 in the image.
    /// </summary>
    public bool SharesVectorPage { get; init; }

    /// <summary>What the user must know before anything is written, since no host can help it.</summary>
    public DeviceLimit? Limit { get; init; }
}

/// <summary>Something that a device makes impossible.</summary>
/// <param name="Message">What.</param>
/// <param name="Hint">What the user can do about it.</param>
public sealed record DeviceLimit(string Message, string Hint);
