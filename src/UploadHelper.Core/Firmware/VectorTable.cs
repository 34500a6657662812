using System.Buffers.Binary;
using UploadHelper.Core.Chips;
using UploadHelper.Core.Errors;

namespace UploadHelper.Core.Firmware;

/// <summary>The start of a Cortex-M image: initial stack pointer, reset vector, exception handlers (ARMv7-M ARM, B1.5.3).</summary>
/// <param name="StackPointer">Word 0: the initial stack pointer.</param>
/// <param name="Reset">Word 1: the reset handler, odd (Thumb).</param>
/// <param name="Handlers">The handlers of the system exceptions, including reset, without reserved words and zeros.</param>
public sealed record VectorTable(uint StackPointer, uint Reset, IReadOnlyList<uint> Handlers)
{
    /// <summary>Size of the smallest vector table, in bytes: a stack pointer and a reset vector.</summary>
    public const int Smallest = 8;

    // NMI, HardFault, MemManage, BusFault, UsageFault, SVCall, DebugMonitor, PendSV, SysTick: 7 to 10 and 13 are reserved.
    private static readonly int[] SystemExceptions = [1, 2, 3, 4, 5, 6, 11, 12, 14, 15];

    /// <summary>Reads the vector table at the start of an image.</summary>
    /// <param name="image">The image, from the vector table on; at least 8 bytes. A table that is cut short is read as far as it goes.</param>
    public static VectorTable Read(ReadOnlySpan<byte> image)
    {
        var handlers = new List<uint>();
        foreach (var exception in SystemExceptions)
        {
            if ((exception + 1) * 4 <= image.Length && Word(image, exception) is not 0 and var handler)
            {
                handlers.Add(handler);
            }
        }

        return new VectorTable(Word(image, 0), Word(image, 1), handlers);
    }

    /// <summary>
    /// Whether a segment begins with the vector table of a program for its address: a stack pointer in RAM, and a reset vector
    /// that points into the segment.
    /// </summary>
    public static bool BeginsProgram(Segment segment)
    {
        if (segment.Data.Length < Smallest)
        {
            return false;
        }

        var (stack, reset) = (Word(segment.Data.Span, 0), Word(segment.Data.Span, 1));
        return RamMap.FitsStack(stack) && reset % 2 == 1 && reset >= segment.Address && reset < segment.End;
    }

    /// <summary>The first handler that is even or outside the image, or null.</summary>
    public uint? Misfit(FirmwareImage image)
    {
        foreach (var handler in Handlers)
        {
            if (handler % 2 == 0 || !image.Segments.Any(s => handler >= s.Address && handler < s.End))
            {
                return handler;
            }
        }

        return null;
    }

    /// <summary>
    /// Checks that an image can run where it will be written: the stack pointer is in the RAM of some STM32, every handler
    /// is odd and inside the image, and the code pointers match the address.
    /// </summary>
    /// <param name="image">The image; its <see cref="FirmwareImage.VectorSegment"/> begins with the vector table.</param>
    /// <returns>What the code pointers indicate.</returns>
    /// <exception cref="UploadException">
    /// <see cref="UploadError.NoVectorTable"/> or <see cref="UploadError.ImageLinkedElsewhere"/>.
    /// </exception>
    public static LinkAddress Check(FirmwareImage image)
    {
        var segment = image.VectorSegment;
        if (segment.Data.Length < Smallest)
        {
            throw NoTable(image, $"It is too short: {segment.Data.Length} of {Smallest} bytes at 0x{segment.Address:X8}");
        }

        var vectors = Read(segment.Data.Span);
        if (!RamMap.FitsStack(vectors.StackPointer))
        {
            throw NoTable(image, $"Its first word, 0x{vectors.StackPointer:X8}, is not a valid initial stack pointer: "
                + (RamMap.FitsStack(vectors.StackPointer & ~3u) ? "it is not a multiple of 4" : "no STM32 has RAM there"));
        }

        if (vectors.Reset % 2 == 0)
        {
            throw NoTable(image, $"Its second word, 0x{vectors.Reset:X8}, is not a valid reset vector: it is even, but Thumb code needs an odd address");
        }

        var fit = LinkAddress.Of(image);
        if (fit.LinkedFor is { } linkedFor && linkedFor != segment.Address)
        {
            throw LinkedElsewhere(image, $"was linked for 0x{linkedFor:X8}, but would be written to 0x{segment.Address:X8}, where it cannot run", linkedFor);
        }

        if (vectors.Misfit(image) is { } handler)
        {
            throw RamMap.Contains(handler)
                ? LinkedElsewhere(image, $"was linked for RAM (it has an exception handler at 0x{handler:X8}), but would be written to 0x{segment.Address:X8}, where it cannot run", null)
                : LinkedElsewhere(
                    image,
                    $"cannot run at 0x{segment.Address:X8}: its exception handler 0x{handler:X8} is "
                        + (handler % 2 == 0
                            ? "even, but Thumb code needs an odd address"
                            : $"outside the image ({string.Join(", ", image.Segments.Select(s => $"0x{s.Address:X8} to 0x{s.End - 1:X8}"))})"),
                    null);
        }

        return fit;
    }

    private static uint Word(ReadOnlySpan<byte> image, int index) => BinaryPrimitives.ReadUInt32LittleEndian(image[(index * 4)..]);

    private static UploadException NoTable(FirmwareImage image, string why) => new(
        UploadError.NoVectorTable,
        $"{image.Name} does not begin with a vector table. {why}. Nothing was erased.",
        "Check the file: it must be the sketch's own .bin, .hex or .elf, complete from its first byte.");

    private static UploadException LinkedElsewhere(FirmwareImage image, string what, uint? linkedFor) => new(
        UploadError.ImageLinkedElsewhere,
        $"{image.Name} {what}. Nothing was erased.",
        linkedFor is { } address && address >= FlashAddress.FlashBase
            ? $"If this board's bootloader starts sketches there, upload it with --offset {FlashAddress.Offset(address)}; otherwise compile it for the bootloader of this board."
            : "Select this board's bootloader and compile the sketch again: that sets the address it is linked for.")
    {
        LinkedFor = linkedFor,
    };
}

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
        if (!FlashAddress.IsInternalFlash(image.Start))
        {
            // Only pointers into the internal flash are counted. Elsewhere it is the handlers that point into the image.
            var handlers = VectorTable.Read(image.VectorSegment.Data.Span).Handlers.Count;
            return new LinkAddress(handlers, handlers, image.Start);
        }

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
