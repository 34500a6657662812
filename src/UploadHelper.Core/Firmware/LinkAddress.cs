using System.Buffers.Binary;
using UploadHelper.Core.Chips;

namespace UploadHelper.Core.Firmware;

/// <summary>
/// Tells from an image's code pointers which address it was linked for. Every odd word that points into flash is
/// taken as a pointer to a Thumb function; for the right base most of them hit the start of a function, for any
/// other only those few that hit one by chance. How far a pointer lies inside the image says little: a long image
/// covers the pointers of its neighbours too.
/// </summary>
/// <param name="Pointers">How many different code pointers the image holds.</param>
/// <param name="Hits">How many of them hit the start of a function at the address it is to be written to.</param>
/// <param name="LinkedFor">The address that the pointers speak for, or null if they are too few to tell.</param>
public sealed record LinkAddress(int Pointers, int Hits, uint? LinkedFor)
{
    private const uint LargestFlash = 0x20_0000;
    private const int FewestHits = 3;

    /// <summary>Whether the pointers speak for the address that the image is to be written to.</summary>
    public bool IsSure => LinkedFor is not null;

    /// <summary>Weighs an image's code pointers, those of all its segments in the internal flash, as <see cref="Of(Segment)"/> does.</summary>
    public static LinkAddress Of(FirmwareImage image)
    {
        var end = image.Start + (long)LargestFlash;
        var segments = image.Segments.Where(s => s.Equals(image.VectorSegment) || (s.Address >= image.Start && s.End <= end)).ToList();
        if (segments.Count == 1)
        {
            return Of(segments[0]);
        }

        // Those of two targets may lie over each other.
        var code = new byte[segments.Max(s => s.End) - image.Start];
        foreach (var segment in segments)
        {
            segment.Data.CopyTo(code.AsMemory((int)(segment.Address - image.Start)));
        }

        return Of(new Segment(image.Start, code));
    }

    /// <summary>Weighs a segment's code pointers against its own address and every other possible sector start.</summary>
    /// <param name="segment">The segment that begins with the vector table.</param>
    public static LinkAddress Of(Segment segment)
    {
        var code = segment.Data.Span;
        var pointers = CodePointers(code);
        var own = CountHits(pointers, code, segment.Address);
        var (best, bestHits) = (segment.Address, own);
        var offsets = LargestFlash / FlashAddress.SmallestSector;
        for (uint i = 0; i < offsets; i++)
        {
            var candidate = FlashAddress.FlashBase + i * FlashAddress.SmallestSector;
            var hits = CountHits(pointers, code, candidate);
            if (hits > bestHits)
            {
                (best, bestHits) = (candidate, hits);
            }
        }

        // The runner-up by chance stays far below: a random halfword looks like a function's start one time in 20.
        var clear = best == segment.Address || bestHits >= own + own / 2 + 2;
        var enough = bestHits >= FewestHits && bestHits * 4 >= pointers.Count;
        return new LinkAddress(pointers.Count, own, clear && enough ? best : null);
    }

    private static List<uint> CodePointers(ReadOnlySpan<byte> code)
    {
        var seen = new HashSet<uint>();
        for (var i = 4; i + 4 <= code.Length; i += 4)
        {
            var word = BinaryPrimitives.ReadUInt32LittleEndian(code[i..]);
            if (word % 2 == 1 && word >= FlashAddress.FlashBase && word - FlashAddress.FlashBase < LargestFlash)
            {
                seen.Add(word);
            }
        }

        return [.. seen];
    }

    private static int CountHits(List<uint> pointers, ReadOnlySpan<byte> code, uint address)
    {
        var hits = 0;
        foreach (var pointer in pointers)
        {
            var offset = pointer - 1 - (long)address;
            if (offset >= 8 && offset + 2 <= code.Length && IsFunctionStart(code, (int)offset))
            {
                hits++;
            }
        }

        return hits;
    }

    // ARMv7-M ARM, A7.7: a function begins with PUSH, or follows one that ended with a return or a branch.
    private static bool IsFunctionStart(ReadOnlySpan<byte> code, int offset)
    {
        var first = BinaryPrimitives.ReadUInt16LittleEndian(code[offset..]);
        var before = BinaryPrimitives.ReadUInt16LittleEndian(code[(offset - 2)..]);
        return (first & 0xFE00) == 0xB400 // PUSH {..}
            || first is 0xE92D // PUSH.W {..}
            || first is 0xE7FE // B . (a default handler)
            || first is 0x4770 // BX LR (an empty function)
            || before is 0x4770 // BX LR
            || before is 0xBF00 // NOP (alignment)
            || before is 0xE7FE // B .
            || (before & 0xFF00) == 0xBD00; // POP {.., PC}
    }
}
