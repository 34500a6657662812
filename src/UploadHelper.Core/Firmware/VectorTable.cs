using System.Buffers.Binary;
using UploadHelper.Core.Chips;

namespace UploadHelper.Core.Firmware;

/// <summary>The start of a Cortex-M image: initial stack pointer, reset vector, exception handlers (ARMv7-M ARM, B1.5.3).</summary>
/// <param name="StackPointer">Word 0: the initial stack pointer.</param>
/// <param name="Reset">Word 1: the reset handler, odd (Thumb).</param>
/// <param name="Handlers">The other handlers of the system exceptions, without reserved words and unused ones (0 and 0xFFFFFFFF).</param>
public sealed record VectorTable(uint StackPointer, uint Reset, IReadOnlyList<uint> Handlers)
{
    /// <summary>Size of the smallest vector table, in bytes: a stack pointer and a reset vector.</summary>
    public const int Smallest = 8;

    // NMI, HardFault, MemManage, BusFault, UsageFault, SVCall, DebugMonitor, PendSV, SysTick: 7 to 10 and 13 are reserved.
    private static readonly int[] SystemExceptions = [2, 3, 4, 5, 6, 11, 12, 14, 15];

    /// <summary>Reads the vector table at the start of an image.</summary>
    /// <param name="image">The image, from the vector table on; at least 8 bytes. A table that is cut short is read as far as it goes.</param>
    public static VectorTable Read(ReadOnlySpan<byte> image)
    {
        var handlers = new List<uint>();
        foreach (var exception in SystemExceptions)
        {
            if ((exception + 1) * 4 <= image.Length && Word(image, exception) is not (0 or uint.MaxValue) and var handler)
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
        return RamMap.CheckStack(stack).Verdict != StackVerdict.NoRam && reset % 2 == 1 && reset >= segment.Address && reset < segment.End;
    }

    /// <summary>Whether a handler is Thumb code inside an image.</summary>
    public static bool IsInside(FirmwareImage image, uint handler) => handler % 2 == 1 && image.Segments.Any(s => handler >= s.Address && handler < s.End);

    private static uint Word(ReadOnlySpan<byte> image, int index) => BinaryPrimitives.ReadUInt32LittleEndian(image[(index * 4)..]);
}
