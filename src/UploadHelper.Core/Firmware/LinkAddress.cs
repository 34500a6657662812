using System.Buffers.Binary;
using UploadHelper.Core.Chips;

namespace UploadHelper.Core.Firmware;

/// <summary>
/// Estimates the address that an image was linked for from its pointers. Every odd word near the reset vector is taken as a
/// pointer: to a Thumb function, or to text. At the right address most of them point to the start of a function or of a
/// text; at any other address, only a few do, by chance. It is not enough that pointers lie inside the image: in a long
/// image they do at many addresses. Neither is it enough that many of all pointers hit: in a large program most odd words
/// can be pointers to data. So the best address is judged against the runner-up: <see cref="Certain"/>.
/// </summary>
/// <param name="Pointers">How many different pointers the image has.</param>
/// <param name="Hits">How many of them point to a start if the image is at the address where it will be written.</param>
/// <param name="LinkedFor">The address that the pointers indicate, or null if they do not show it.</param>
public sealed record LinkAddress(int Pointers, int Hits, uint? LinkedFor)
{
    /// <summary>
    /// How improbable a lead must be by chance before an image is refused for it, as a logarithm: 1 in 10,000.
    /// <para>
    /// The measure is Chernoff's bound: if each of n pointers hits with the probability q, the probability of h hits or more
    /// is at most exp(-n * D), where D = h/n * ln(h/n / q) + (1 - h/n) * ln((1 - h/n) / (1 - q)). For q we take the rate of
    /// the runner-up, and at least half a hit. That is the margin: the runner-up is the best of all wrong addresses, up to
    /// 4,096 of them, so what is common by chance in this very image is at most its rate, with all that the image's own
    /// regularities add to it.
    /// </para>
    /// <para>
    /// Example: of 801 pointers 183 hit at the best address and 45 at the runner-up. n * D is 132, far above 9.2. For 8
    /// pointers that all hit and a runner-up with 1 it is 16.6.
    /// </para>
    /// </summary>
    private static readonly double Certain = Math.Log(10_000);

    // Confirming the address that the user gave needs less evidence: it is probable to begin with.
    private static readonly double Likely = Math.Log(100);

    // 4 MiB: the largest flash of an STM32 (U5Fx, U5Gx).
    private const int LargestFlash = 0x40_0000;

    // Far more than any program of 4 MiB has; keeps the work for a hostile file small.
    private const int MostPointers = 1 << 16;

    private const int FewestHits = 3;

    /// <summary>Whether the pointers show the address.</summary>
    public bool IsSure => LinkedFor is not null;

    /// <summary>The best address other than the one where the image will be written, with its hits; null if there is no other candidate.</summary>
    public (uint Address, int Hits)? Rival { get; private init; }

    /// <summary>Why the pointers do not show the address, as the end of a sentence about the image: "it has ...".</summary>
    /// <param name="address">The address where the image will be written.</param>
    public string Doubt(uint address) => Rival is { } rival && Math.Max(Hits, rival.Hits) >= FewestHits
        ? $"of its {Pointers} code pointers, {Hits} fit 0x{address:X8} and {rival.Hits} fit 0x{rival.Address:X8}"
        : $"it has too few code pointers ({Pointers})";

    /// <summary>Evaluates the pointers of all segments near the vector table, as <see cref="Of(Segment)"/> does.</summary>
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

    /// <summary>Evaluates the pointers of a segment for its own address and for every other one that comes into question.</summary>
    /// <param name="segment">The segment that begins with the vector table. One that is too short for a table tells nothing.</param>
    public static LinkAddress Of(Segment segment)
    {
        if (segment.Data.Length < VectorTable.Smallest)
        {
            return new LinkAddress(0, 0, null);
        }

        var code = segment.Data.Span[..Math.Min(segment.Data.Length, LargestFlash)];
        var reset = BinaryPrimitives.ReadUInt32LittleEndian(code[4..]);

        // The reset vector is the one word that certainly points into the program: only addresses at which it does come
        // into question. They are multiples of the smallest sector.
        var length = code.Length;
        bool IsPossible(long address) => reset % 2 == 1 && IsInside(reset - 1 - address, length);
        var first = Math.Max(0, reset - (long)code.Length) / FlashAddress.SmallestSector * FlashAddress.SmallestSector;
        var pointers = PointersNear(reset, code);
        var hits = HitsByAddress(pointers, code, first);
        var own = HitsAt(segment.Address, pointers, code);

        var others = new List<(uint Address, int Hits)>();
        for (var i = 0; i < hits.Length; i++)
        {
            var address = first + i * FlashAddress.SmallestSector;
            if (address != segment.Address && IsPossible(address) && CanHoldCode(address))
            {
                others.Add(((uint)address, hits[i]));
            }
        }

        others = [.. others.OrderByDescending(o => o.Hits).Take(2)];
        return new LinkAddress(pointers.Count, own, Decide(segment.Address, IsPossible(segment.Address), own, others, pointers.Count))
        {
            Rival = others.Count > 0 ? others[0] : null,
        };
    }

    private static uint? Decide(uint address, bool isPossible, int own, List<(uint Address, int Hits)> others, int pointers)
    {
        if (others.Count == 0)
        {
            return isPossible ? address : null;
        }

        var (best, third) = (others[0], others.Count > 1 ? others[1].Hits : 0);
        if (!isPossible)
        {
            return others.Count == 1 || Lead(best.Hits, third, pointers) >= Certain ? best.Address : null;
        }

        if (own >= best.Hits)
        {
            return Lead(own, best.Hits, pointers) >= Likely ? address : null;
        }

        // An image can contain a second program, for example a bootloader that carries an application: then two addresses stand
        // out, and the image may well be right.
        return Lead(best.Hits, Math.Max(own, third), pointers) >= Certain && Lead(own, third, pointers) < Certain ? best.Address : null;
    }

    // Chernoff's bound, n * D: see Certain.
    private static double Lead(int hits, int runnerUp, int pointers)
    {
        var (rate, chance) = (hits / (double)pointers, Math.Max(runnerUp, 0.5) / pointers);
        return rate <= chance ? 0
            : pointers * (rate * Math.Log(rate / chance) + (rate < 1 ? (1 - rate) * Math.Log((1 - rate) / (1 - chance)) : 0));
    }

    // Only words that can hit at an address in question: closer to the reset vector than the image is long.
    private static HashSet<uint> PointersNear(uint reset, ReadOnlySpan<byte> code)
    {
        var pointers = new HashSet<uint>();
        for (var i = 4; i + 4 <= code.Length && pointers.Count < MostPointers; i += 4)
        {
            var word = BinaryPrimitives.ReadUInt32LittleEndian(code[i..]);
            if (word % 2 == 1 && Math.Abs(word - (long)reset) < code.Length)
            {
                pointers.Add(word);
            }
        }

        return pointers;
    }

    // A pointer and a start that it can belong to are at the same offset within a sector, so each pointer is compared only with
    // those starts. The difference of the two is the address of the image.
    private static int[] HitsByAddress(HashSet<uint> pointers, ReadOnlySpan<byte> code, long first)
    {
        const int Sector = (int)FlashAddress.SmallestSector;
        var starts = new List<int>[Sector / 2];
        for (var offset = VectorTable.Smallest; IsInside(offset, code.Length); offset += 2)
        {
            if (IsStart(code, offset))
            {
                (starts[offset % Sector / 2] ??= []).Add(offset);
            }
        }

        var hits = new int[code.Length / Sector + 2];
        foreach (var pointer in pointers)
        {
            foreach (var start in starts[(pointer - 1) % Sector / 2] ?? [])
            {
                var address = pointer - 1 - (long)start - first;
                if (address >= 0 && address / Sector < hits.Length)
                {
                    hits[address / Sector]++;
                }
            }
        }

        return hits;
    }

    // The address where the image will be written need not be a multiple of a sector.
    private static int HitsAt(uint address, HashSet<uint> pointers, ReadOnlySpan<byte> code)
    {
        var hits = 0;
        foreach (var pointer in pointers)
        {
            var offset = pointer - 1 - (long)address;
            hits += IsInside(offset, code.Length) && IsStart(code, (int)offset) ? 1 : 0;
        }

        return hits;
    }

    private static bool IsInside(long offset, int length) => offset >= VectorTable.Smallest && offset + 2 <= length;

    // Internal flash with its secure alias, or memory on an FMC, QSPI, Octo-SPI or XSPI.
    private static bool CanHoldCode(long address) => FlashAddress.IsInternalFlash((uint)address) || address is >= 0x6000_0000 and < 0xA000_0000;

    private static bool IsStart(ReadOnlySpan<byte> code, int offset) => IsFunctionStart(code, offset) || IsTextStart(code, offset + 1);

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

    // Three printable characters after the NUL that ends the text before it.
    private static bool IsTextStart(ReadOnlySpan<byte> code, int offset) =>
        offset + 3 <= code.Length
        && code[offset - 1] == 0
        && !code.Slice(offset, 3).ContainsAnyExceptInRange((byte)' ', (byte)'~');
}
