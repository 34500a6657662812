using UploadHelper.Core.Firmware;

namespace UploadHelper.Core.Boards;

/// <summary>A bootloader: where it expects a sketch, and what that must be like to be started.</summary>
/// <param name="Name">Its name for people.</param>
/// <param name="Options">The options with which a sketch is uploaded through it.</param>
/// <param name="Start">Where the vector table of the sketch must be.</param>
/// <param name="End">Address behind the last byte that it can write.</param>
/// <param name="Source">Where this is known from.</param>
public sealed record KnownBootloader(string Name, string Options, uint Start, long End, string Source)
{
    /// <summary>Whether it starts a sketch with this initial stack pointer, and its part has RAM there; all, if nothing is said.</summary>
    public Func<uint, bool> StartsWithStack { get; init; } = _ => true;

    /// <summary>Vectors that must be 0, by their numbers.</summary>
    public IReadOnlyList<int> FreeVectors { get; init; } = [];

    /// <summary>Why a program does not fit, in half a sentence; null if it does.</summary>
    /// <param name="image">A program that begins at <see cref="Start"/>.</param>
    public string? Refusal(FirmwareImage image)
    {
        if (image.End > End)
        {
            return $"it ends at 0x{image.End - 1:X8}, and may end at 0x{End - 1:X8}";
        }

        var vectors = image.VectorSegment.Data.Span;
        var stack = VectorTable.Read(vectors).StackPointer;
        if (!StartsWithStack(stack))
        {
            return $"no sketch with the stack pointer 0x{stack:X8} starts there";
        }

        foreach (var number in FreeVectors)
        {
            if ((number + 1) * 4 <= vectors.Length && vectors.Slice(number * 4, 4).ContainsAnyExcept((byte)0))
            {
                return $"the word at 0x{number * 4:X2} must be 0";
            }
        }

        return null;
    }
}
