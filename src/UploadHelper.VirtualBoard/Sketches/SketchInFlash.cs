using System.Buffers.Binary;
using System.Text;
using UploadHelper.VirtualBoard.Hardware;

namespace UploadHelper.VirtualBoard.Sketches;

/// <summary>What the flash tells about a sketch: the board does not execute it.</summary>
/// <param name="Address">Where it begins.</param>
/// <param name="StackPointer">Its initial stack pointer.</param>
/// <param name="Reset">Its reset vector.</param>
/// <param name="Name">The name in its marker, or "unnamed".</param>
/// <param name="Runs">Whether the processor reaches its first instruction: the stack is in the part's RAM, the reset vector leads into programmed flash.</param>
public sealed record SketchInFlash(uint Address, uint StackPointer, uint Reset, string Name, bool Runs)
{
    /// <summary>The text before the name in an image.</summary>
    public const string Marker = "UPLOAD-HELPER-SKETCH ";

    private const int LongestName = 32;

    /// <summary>Reads the sketch at an address.</summary>
    /// <param name="flash">The flash.</param>
    /// <param name="address">Where the sketch begins.</param>
    /// <param name="vectors">Offset of the stack pointer and reset vector that start it.</param>
    public static SketchInFlash Read(FlashMemory flash, uint address, int vectors = 0)
    {
        var bytes = flash.Bytes[(int)(address - flash.Base)..];
        var stack = BinaryPrimitives.ReadUInt32LittleEndian(bytes[vectors..]);
        var reset = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(vectors + 4)..]);
        return new SketchInFlash(address, stack, reset, NameIn(bytes), flash.Part.HasStackAt(stack) && IsCode(flash, reset));
    }

    // A Cortex-M vector is odd (Thumb) and leads to an instruction; erased flash holds none.
    private static bool IsCode(FlashMemory flash, uint vector) =>
        vector % 2 == 1 && flash.Contains(vector - 1, 2) && !flash.IsErased(vector - 1, 2);

    /// <summary>A small sketch for a fresh board: a vector table, an endless loop, and a marker.</summary>
    public static byte[] Synthesize(uint address, uint stackPointer, string name)
    {
        const int Vectors = 16;
        var image = new byte[128];
        BinaryPrimitives.WriteUInt32LittleEndian(image, stackPointer);
        foreach (var vector in Enumerable.Range(1, Vectors - 1).Where(v => v is not (>= 7 and <= 10)))
        {
            BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(vector * 4), address + Vectors * 4 + 1);
        }

        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(Vectors * 4), 0xE7FE);
        Encoding.ASCII.GetBytes($"{Marker}{name}\n").CopyTo(image.AsSpan(Vectors * 4 + 4));
        return image;
    }

    private static string NameIn(ReadOnlySpan<byte> bytes)
    {
        var at = bytes.IndexOf(Encoding.ASCII.GetBytes(Marker));
        if (at < 0)
        {
            return "unnamed";
        }

        var name = bytes[(at + Marker.Length)..];
        name = name[..Math.Min(LongestName, name.Length)];
        var end = name.IndexOfAnyExceptInRange((byte)'!', (byte)'~');
        return Encoding.ASCII.GetString(end < 0 ? name : name[..end]);
    }
}
