using System.Buffers.Binary;
using UploadHelper.Core.Chips;

namespace UploadHelper.Core.Firmware;

/// <summary>
/// Estimates the address that an image was linked for from its code pointers. Every odd word that points into flash is
/// taken as a pointer to a Thumb function. At the right base address most of them point to the start of a function; at
/// any other, only a few do, by chance. It is not enough that pointers lie inside the image: in a long image they do at
/// many base addresses.
/// </summary>
/// <param name="Pointers">How many different code pointers the image holds.</param>
/// <param name="Hits">How many of them point to the start of a function if the image is at the address where it will be written.</param>
/// <param name="LinkedFor">The address that the pointers indicate, or null if there are too few to tell.</param>
public sealed record LinkAddress(int Pointers, int Hits, uint? LinkedFor)
{
    private const uint LargestFlash = 0x20_0000;
    private const int FewestHits = 3;

    /// <summary>Whether there are enough pointers to tell the address.</summary>
    public bool IsSure => LinkedFor is not null;

    /// <summary>Evaluates the code pointers of all segments in internal flash, as <see cref="Of(Segment)"/> does.</summary>
    public static LinkAddress Of(FirmwareImage image)
    {
        var end = image.Start + (long)LargestFlash;
        var segments = image.Segments.Where(s => s.Equals(image.VectorSegment) || (s.Address >= image.Start && s.End <= end)).ToList();
        if (segments.Count == 1)
        {
            return Of(segments[0]);
        }

        // Segments of two targets can overlap.
        var code = new byte[segments.Max(s => s.End) - image.Start];
        foreach (var segment in segments)
        {
            segment.Data.CopyTo(code.AsMemory((int)(segment.Address - image.Start)));
        }

        return Of(new Segment(image.Start, code));
    }

    /// <summary>Evaluates a segment's code pointers for its own address and for every other possible sector start.</summary>
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

        // By chance, a wrong address scores far lower: about 1 in 20 random halfwords looks like the start of a function.
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
