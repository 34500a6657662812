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
            ? $"Upload it with --offset 0x{address - FlashAddress.FlashBase:X}, or compile it for the bootloader of this board."
            : "Select this board's bootloader and compile the sketch again: that sets the address it is linked for.")
    {
        LinkedFor = linkedFor,
    };
}
